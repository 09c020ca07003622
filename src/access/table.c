/* SPDX-License-Identifier: Apache-2.0
 *
 * Open addressing with linear probing. The place of a hash grows with the hash, so a table of any size keeps its order and grows by
 * half; removal shifts back what follows, so there are no tombstones. */
#include <stdlib.h>
#include <string.h>
#include "access/slab.h"

static uint32_t home(const struct table *table, uint32_t hash)
{
        return (uint32_t)((uint64_t)hash * table->capacity >> 32);
}

static uint32_t after(const struct table *table, uint32_t at)
{
        return at + 1 == table->capacity ? 0 : at + 1;
}

/* The entry with this hash at or behind *cursor. */
static uint32_t seek(const struct table *table, uint32_t hash, uint32_t *cursor)
{
        while (table->slots[*cursor].value != NONE) {
                if (table->slots[*cursor].hash == hash)
                        return table->slots[*cursor].value;
                *cursor = after(table, *cursor);
        }
        return NONE;
}

uint32_t table_first(const struct table *table, uint32_t hash, uint32_t *ret_cursor)
{
        if (!table->count)
                return NONE;
        *ret_cursor = home(table, hash);
        return seek(table, hash, ret_cursor);
}

uint32_t table_next(const struct table *table, uint32_t hash, uint32_t *cursor)
{
        *cursor = after(table, *cursor);
        return seek(table, hash, cursor);
}

static void put(struct table *table, uint32_t hash, uint32_t value)
{
        uint32_t at = home(table, hash);
        while (table->slots[at].value != NONE)
                at = after(table, at);
        table->slots[at] = (struct table_slot){ hash, value };
}

static bool grow(struct table *table)
{
        uint64_t capacity = table->capacity ? (uint64_t)table->capacity + table->capacity / 2 : 16;
        if (capacity >= NONE)
                return false;
        struct table grown = { malloc(capacity * sizeof *grown.slots), (uint32_t)capacity, table->count };
        if (!grown.slots)
                return false;
        memset(grown.slots, 0xff, capacity * sizeof *grown.slots);
        for (uint32_t i = 0; i < table->capacity; i++)
                if (table->slots[i].value != NONE)
                        put(&grown, table->slots[i].hash, table->slots[i].value);
        free(table->slots);
        *table = grown;
        return true;
}

bool table_add(struct table *table, uint32_t hash, uint32_t value)
{
        if (((uint64_t)table->count + 1) * 8 > (uint64_t)table->capacity * 7 && !grow(table))
                return false;
        put(table, hash, value);
        table->count++;
        return true;
}

static uint32_t slot_of(const struct table *table, uint32_t hash, uint32_t value)
{
        uint32_t at;
        for (uint32_t i = table_first(table, hash, &at); i != NONE; i = table_next(table, hash, &at))
                if (i == value)
                        return at;
        return NONE;
}

void table_remove(struct table *table, uint32_t hash, uint32_t value)
{
        uint32_t hole = slot_of(table, hash, value);
        if (hole == NONE)
                return;
        for (uint32_t at = after(table, hole); table->slots[at].value != NONE; at = after(table, at)) {
                uint32_t place = home(table, table->slots[at].hash);
                bool stays = hole <= at ? hole < place && place <= at : hole < place || place <= at;
                if (stays)
                        continue;
                table->slots[hole] = table->slots[at];
                hole = at;
        }
        table->slots[hole].value = NONE;
        table->count--;
}

void table_replace(struct table *table, uint32_t hash, uint32_t old_value, uint32_t new_value)
{
        uint32_t at = slot_of(table, hash, old_value);
        if (at != NONE)
                table->slots[at].value = new_value;
}

void table_done(struct table *table)
{
        free(table->slots);
        *table = (struct table){ 0 };
}

size_t table_bytes(const struct table *table)
{
        return table->capacity * sizeof *table->slots;
}

static uint64_t rotate(uint64_t word, int bits)
{
        return word << bits | word >> (64 - bits);
}

static void sip_round(uint64_t v[4])
{
        v[0] += v[1];
        v[2] += v[3];
        v[1] = rotate(v[1], 13) ^ v[0];
        v[3] = rotate(v[3], 16) ^ v[2];
        v[0] = rotate(v[0], 32);
        v[2] += v[1];
        v[0] += v[3];
        v[1] = rotate(v[1], 17) ^ v[2];
        v[3] = rotate(v[3], 21) ^ v[0];
        v[2] = rotate(v[2], 32);
}

static void sip_word(uint64_t v[4], uint64_t word)
{
        v[3] ^= word;
        sip_round(v);
        v[0] ^= word;
}

uint32_t seed_hash(const struct seed *seed, uint64_t prefix, const void *bytes, size_t length)
{
        uint64_t v[4] = { seed->low ^ 0x736f6d6570736575u, seed->high ^ 0x646f72616e646f6du, seed->low ^ 0x6c7967656e657261u,
                seed->high ^ 0x7465646279746573u };
        const unsigned char *at = bytes;
        uint64_t word;
        sip_word(v, prefix);
        for (size_t left = length; left >= 8; left -= 8, at += 8) {
                memcpy(&word, at, 8);
                sip_word(v, word);
        }
        word = (uint64_t)length << 56;
        memcpy(&word, at, length % 8);
        sip_word(v, word);
        v[2] ^= 0xff;
        for (int i = 0; i < 3; i++)
                sip_round(v);
        uint64_t sum = v[0] ^ v[1] ^ v[2] ^ v[3];
        return (uint32_t)(sum >> 32);
}

uint32_t seed_hash_number(const struct seed *seed, uint64_t first, uint64_t second)
{
        uint64_t sum = (first ^ seed->low) * 0x9e3779b97f4a7c15u;
        sum ^= sum >> 32;
        sum = (sum ^ second ^ seed->high) * 0xd6e8feb86659fd93u;
        sum ^= sum >> 32;
        sum *= 0xd6e8feb86659fd93u;
        return (uint32_t)(sum >> 32);
}
