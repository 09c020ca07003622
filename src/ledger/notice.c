/* SPDX-License-Identifier: Apache-2.0
 *
 * Refusals and failed logins, counted per (root, caller, event, detail, minute) and written as one entry per key: the first after a
 * second, what follows in the same minute when the minute is over. So nobody can make the ledger grow faster than two entries a minute
 * and key, and there are at most NOTICES_MAX keys.
 *
 * What one flush takes is a flight. Whether its job was committed is only hinted at by notices_settle, for jobs of one batch end
 * together, run again, or fail alone; what decides, at the next flush of the root, is whether the flight's entries stand in the ledger.
 * So every count is written exactly once.
 */
#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "base/auto.h"
#include "base/clock.h"
#include "base/text.h"
#include "http/metrics.h"
#include "ledger/entry.h"

#define NOTICES_MAX 4096
#define BUCKETS 2048
#define ROOT_SUMS 256
#define FLUSH_MAX 64   /* entries of one flush: it rides in somebody's change */
#define FLIGHTS_MAX 64 /* not ended; beyond, a flush takes nothing */
#define DUE_AFTER_US (1 * US_PER_S)
#define MINUTE_US (60 * US_PER_S)
#define DETAIL_SIZE 100

struct notice {
        int64_t root_no, actor_no, minute;
        enum actor_kind actor_kind;
        enum ledger_event event;
        char detail[DETAIL_SIZE];
        int64_t count;    /* not written yet */
        int64_t first_us; /* steady: since when */
        int64_t taken;    /* by a flight that has not ended */
        uint64_t flight;  /* which */
        bool written;     /* in this minute, once */
        bool used;
        int next; /* in its bucket; -1 ends */
};

struct flight {
        uint64_t number; /* 0: free */
        int64_t root_no, first_seq;
        unsigned char change_id[CHANGE_ID_SIZE]; /* of its entries */
        bool is_alone;                           /* no other of this root was under way when it began */
        bool has_ended;                          /* a job of this root was committed since */
        bool is_doubtful;                        /* a job of this root was not */
};

struct notices {
        pthread_mutex_t mutex;
        struct notice rows[NOTICES_MAX + 1]; /* the last one is the overflow */
        int buckets[BUCKETS];
        int free_rows[NOTICES_MAX]; /* a stack */
        int free_count;
        int high;                    /* rows from here on are free */
        unsigned of_root[ROOT_SUMS]; /* rows in use by root_no modulo ROOT_SUMS: mostly 0, and then a flush has nothing to do */
        int64_t swept;               /* the minute of the last sweep */
        struct flight flights[FLIGHTS_MAX];
        uint64_t flight_count;
        bool stopping;
};

struct notices *notices_new(void)
{
        struct notices *notices = calloc(1, sizeof *notices);
        if (!notices)
                return NULL;
        pthread_mutex_init(&notices->mutex, NULL);
        memset(notices->buckets, -1, sizeof notices->buckets);
        while (notices->free_count < NOTICES_MAX) {
                notices->free_rows[notices->free_count] = NOTICES_MAX - 1 - notices->free_count;
                notices->free_count++;
        }
        struct notice *overflow = &notices->rows[NOTICES_MAX];
        overflow->event = EVENT_REFUSED;
        memcpy(overflow->detail, "overflow", sizeof "overflow");
        return notices;
}

void notices_free(struct notices *notices)
{
        if (!notices)
                return;
        pthread_mutex_destroy(&notices->mutex);
        free(notices);
}

static int *bucket_of(struct notices *notices, const struct notice *key)
{
        uint64_t sum = (uint64_t)key->root_no * 31 + (uint64_t)key->actor_kind;
        sum = sum * 1000003 + (uint64_t)key->actor_no;
        sum = sum * 1000003 + (uint64_t)key->event;
        for (const char *at = key->detail; *at; at++)
                sum = sum * 31 + (unsigned char)*at;
        sum ^= sum >> 29;
        return &notices->buckets[sum * 0x9e3779b97f4a7c15u >> 53];
}

static bool same_key(const struct notice *row, const struct notice *key)
{
        return row->root_no == key->root_no && row->actor_kind == key->actor_kind && row->actor_no == key->actor_no &&
               row->event == key->event && row->minute == key->minute && !strcmp(row->detail, key->detail);
}

/* Rows 0 to high - 1, then the overflow: for (int i = 0; (row = row_at(notices, i)); i++). */
static struct notice *row_at(struct notices *notices, int i)
{
        if (i < notices->high)
                return &notices->rows[i];
        return i == notices->high ? &notices->rows[NOTICES_MAX] : NULL;
}

static unsigned *sum_of(struct notices *notices, int64_t root_no)
{
        return &notices->of_root[(uint64_t)root_no % ROOT_SUMS];
}

static void remove_row(struct notices *notices, int index)
{
        int *at = bucket_of(notices, &notices->rows[index]);
        while (*at != index)
                at = &notices->rows[*at].next;
        *at = notices->rows[index].next;
        --*sum_of(notices, notices->rows[index].root_no);
        notices->rows[index] = (struct notice){ 0 };
        notices->free_rows[notices->free_count++] = index;
}

/* Frees the keys of past minutes that have nothing left to say. */
static void sweep(struct notices *notices, int64_t minute)
{
        if (notices->swept == minute)
                return;
        notices->swept = minute;
        for (int i = 0; i < notices->high; i++) {
                const struct notice *row = &notices->rows[i];
                if (row->used && row->minute < minute && !row->count && !row->taken)
                        remove_row(notices, i);
        }
        while (notices->high > 0 && !notices->rows[notices->high - 1].used)
                notices->high--;
}

static struct notice *find_or_add(struct notices *notices, const struct notice *key)
{
        int *bucket = bucket_of(notices, key);
        for (int i = *bucket; i >= 0; i = notices->rows[i].next)
                if (same_key(&notices->rows[i], key))
                        return &notices->rows[i];
        sweep(notices, key->minute);
        if (!notices->free_count)
                return NULL;
        int index = notices->free_rows[--notices->free_count];
        if (index >= notices->high)
                notices->high = index + 1;
        notices->rows[index] = *key;
        notices->rows[index].used = true;
        notices->rows[index].next = *bucket;
        *bucket = index;
        ++*sum_of(notices, key->root_no);
        return &notices->rows[index];
}

static void copy_detail(char ret[DETAIL_SIZE], const char *detail)
{
        size_t length = detail ? strlen(detail) : 0;
        if (!text_is_utf8(detail ? detail : "", length)) {
                memcpy(ret, "(not text)", sizeof "(not text)");
                return;
        }
        if (length >= DETAIL_SIZE)
                for (length = DETAIL_SIZE - 1; ((unsigned char)detail[length] & 0xc0) == 0x80;)
                        length--;
        memcpy(ret, detail ? detail : "", length);
        ret[length] = '\0';
}

void notice_count(struct notices *notices, int64_t root_no, const struct actor *actor, enum ledger_event event, const char *detail)
{
        assert((unsigned)event < LEDGER_EVENT_COUNT);
        struct notice key = {
                .root_no = root_no,
                .actor_kind = actor ? actor->kind : ACTOR_NOBODY,
                .actor_no = actor ? actor->no : 0,
                .event = event,
                .minute = clock_now_us() / MINUTE_US,
        };
        copy_detail(key.detail, detail);
        int64_t now_us = clock_steady_us();
        pthread_mutex_lock(&notices->mutex);
        struct notice *row = find_or_add(notices, &key);
        if (!row) {
                row = &notices->rows[NOTICES_MAX];
                if (!row->count && row->minute != key.minute) {
                        row->minute = key.minute;
                        row->written = false;
                }
        }
        if (!row->count++)
                row->first_us = now_us;
        pthread_mutex_unlock(&notices->mutex);
}

/* `aged`: it may also have to wait for its second. */
static bool is_due(const struct notices *notices, const struct notice *row, int64_t minute, int64_t aged_us)
{
        if (!row->count || row->taken)
                return false;
        if (notices->stopping || minute > row->minute)
                return true;
        return !row->written && (!aged_us || aged_us - row->first_us >= DUE_AFTER_US);
}

static void give_back(struct notice *row)
{
        row->count += row->taken;
        row->taken = 0;
        row->written = false;
}

static void settle_written(struct notice *row)
{
        metric_add(ledger_event_class(row->event) == LEDGER_ALERT ? METRIC_LEDGER_ALERT : METRIC_LEDGER_NOTICE, 1);
        row->taken = 0;
}

/* Its counts are in the ledger, or wait again. */
static void flight_end(struct notices *notices, struct flight *flight, bool written)
{
        struct notice *row;
        for (int i = 0; (row = row_at(notices, i)); i++)
                if (row->taken && row->flight == flight->number)
                        written ? settle_written(row) : give_back(row);
        flight->number = 0;
}

static bool is_of_root(const struct flight *flight, int64_t root_no)
{
        return flight->number && flight->root_no == root_no;
}

/* Looks in the ledger for the flights of this root. One that stands there may still belong to the transaction that is open: it ends when
 * a COMMIT was reported since. */
static enum err judge_flights(struct notices *notices, struct session *session, const struct root_row *root, struct fault *fault)
{
        for (int i = 0; i < FLIGHTS_MAX; i++) {
                struct flight *flight = &notices->flights[i], copy;
                pthread_mutex_lock(&notices->mutex);
                copy = *flight;
                pthread_mutex_unlock(&notices->mutex);
                if (!is_of_root(&copy, root->root_no))
                        continue;
                bool stands = copy.first_seq <= root->revision;
                enum err e = ERR_OK;
                if (stands)
                        e = ledger_has_change(session, root->root_no, copy.first_seq - 1, copy.change_id, &stands, fault);
                if (e)
                        return e;
                pthread_mutex_lock(&notices->mutex);
                flight->is_doubtful = false;
                if (!stands || flight->has_ended)
                        flight_end(notices, flight, stands);
                pthread_mutex_unlock(&notices->mutex);
        }
        return ERR_OK;
}

/* NULL: too many are under way. */
static struct flight *flight_begin(struct notices *notices, int64_t root_no)
{
        struct flight *begun = NULL;
        bool is_alone = true;
        for (int i = 0; i < FLIGHTS_MAX; i++) {
                if (!notices->flights[i].number)
                        begun = &notices->flights[i];
                is_alone = is_alone && !is_of_root(&notices->flights[i], root_no);
        }
        if (!begun)
                return NULL;
        *begun = (struct flight){
                .number = ++notices->flight_count,
                .root_no = root_no,
                .first_seq = INT64_MAX,
                .is_alone = is_alone,
        };
        ident_random(begun->change_id, sizeof begun->change_id);
        return begun;
}

/* Takes what is due of one root; *ret_flight NULL when nothing is. */
static int take_due(struct notices *notices, int64_t root_no, struct notice ret[FLUSH_MAX], struct flight **ret_flight)
{
        int64_t minute = clock_now_us() / MINUTE_US;
        struct notice *row;
        int count = 0;
        *ret_flight = NULL;
        pthread_mutex_lock(&notices->mutex);
        for (int i = 0; count < FLUSH_MAX && (row = row_at(notices, i)); i++) {
                if (row->root_no != root_no || !is_due(notices, row, minute, 0))
                        continue;
                if (!*ret_flight && !(*ret_flight = flight_begin(notices, root_no)))
                        break;
                row->taken = row->count;
                row->flight = (*ret_flight)->number;
                row->count = 0;
                row->written = true;
                ret[count++] = *row;
        }
        pthread_mutex_unlock(&notices->mutex);
        return count;
}

static enum err append_one(
        struct session *session, const struct flight *flight, const struct notice *notice, int64_t *ret_seq, struct fault *fault)
{
        char minute[CLOCK_TEXT_SIZE];
        clock_format(notice->minute * MINUTE_US, minute);
        auto_buffer body = { 0 };
        buffer_printf(&body, "{\"count\":%lld,\"detail\":", (long long)notice->taken);
        buffer_put_json(&body, notice->detail, strlen(notice->detail));
        buffer_printf(&body, ",\"minute\":\"%s\"}", minute);
        enum err e = buffer_check(&body, fault);
        if (e)
                return e;
        const struct actor actor = { .kind = notice->actor_kind, .root_no = flight->root_no, .no = notice->actor_no };
        struct ledger_entry entry = { .event = notice->event, .actor = &actor, .body = body.data };
        memcpy(entry.change_id, flight->change_id, sizeof entry.change_id);
        int64_t at_us;
        return ledger_append(session, flight->root_no, &entry, ret_seq, &at_us, fault);
}

static bool has_root(struct notices *notices, int64_t root_no)
{
        const struct notice *overflow = &notices->rows[NOTICES_MAX];
        pthread_mutex_lock(&notices->mutex);
        bool found = *sum_of(notices, root_no) || (overflow->root_no == root_no && (overflow->count || overflow->taken));
        pthread_mutex_unlock(&notices->mutex);
        return found;
}

enum err notices_flush(struct notices *notices, struct session *session, int64_t root_no, size_t *ret_count, struct fault *fault)
{
        *ret_count = 0;
        if (!has_root(notices, root_no))
                return ERR_OK;
        struct root_row *root;
        enum err e = session_root(session, root_no, &root, fault);
        if (e)
                return e;
        e = judge_flights(notices, session, root, fault);
        if (e)
                return e;
        struct notice taken[FLUSH_MAX];
        struct flight *flight;
        int64_t seq, first_seq = root->revision + 1;
        int count = take_due(notices, root_no, taken, &flight);
        if (!count)
                return ERR_OK;
        for (int i = 0; i < count && !e; i++)
                e = append_one(session, flight, &taken[i], &seq, fault);
        pthread_mutex_lock(&notices->mutex);
        flight->first_seq = first_seq;
        if (e)
                flight_end(notices, flight, false);
        pthread_mutex_unlock(&notices->mutex);
        if (!e)
                *ret_count = (size_t)count;
        return e;
}

void notices_settle(struct notices *notices, int64_t root_no, bool committed)
{
        struct flight *last = NULL;
        int count = 0;
        pthread_mutex_lock(&notices->mutex);
        for (int i = 0; i < FLIGHTS_MAX; i++) {
                if (!is_of_root(&notices->flights[i], root_no))
                        continue;
                last = &notices->flights[i];
                count++;
                if (committed)
                        last->has_ended = true;
                else
                        last->is_doubtful = true;
        }
        /* Mostly there is but one, and no doubt whose it is. */
        if (committed && count == 1 && last->is_alone)
                flight_end(notices, last, true);
        pthread_mutex_unlock(&notices->mutex);
}

void notices_stop(struct notices *notices)
{
        pthread_mutex_lock(&notices->mutex);
        notices->stopping = true;
        pthread_mutex_unlock(&notices->mutex);
}

static size_t add_root(int64_t *roots, size_t count, int64_t root_no)
{
        size_t known = 0;
        while (known < count && roots[known] != root_no)
                known++;
        roots[known] = root_no;
        return known == count ? count + 1 : count;
}

size_t notices_due(struct notices *notices, int64_t *ret_roots, size_t max)
{
        struct notice *row;
        size_t count = 0;
        int64_t minute = clock_now_us() / MINUTE_US, now_us = clock_steady_us();
        pthread_mutex_lock(&notices->mutex);
        sweep(notices, minute);
        for (int i = 0; i < FLIGHTS_MAX && count < max; i++) {
                const struct flight *flight = &notices->flights[i];
                if (flight->number && (flight->has_ended || flight->is_doubtful))
                        count = add_root(ret_roots, count, flight->root_no);
        }
        for (int i = 0; count < max && (row = row_at(notices, i)); i++)
                if (is_due(notices, row, minute, now_us))
                        count = add_root(ret_roots, count, row->root_no);
        pthread_mutex_unlock(&notices->mutex);
        return count;
}
