/* SPDX-License-Identifier: Apache-2.0
 *
 * The two clocks, and time as text by RFC 3339. Calendar arithmetic is done here (proleptic Gregorian, no leap seconds) because
 * gmtime_r takes a process-wide lock and timegm accepts days that do not exist. */
#include "base/clock.h"

#include <ctype.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define YEAR_MAX 9999
#define FRACTION_DIGITS_MAX 20

static _Atomic int64_t shift_for_test_us;
static _Atomic int64_t trusted_offset_us; /* realtime minus steady, as last trusted; 0: not known yet */

static int64_t read_us(clockid_t which)
{
        struct timespec now;
        (void)clock_gettime(which, &now); /* cannot fail for these two clocks */
        return (int64_t)now.tv_sec * US_PER_S + now.tv_nsec / 1000;
}

int64_t clock_now_us(void)
{
        return read_us(CLOCK_REALTIME) + atomic_load_explicit(&shift_for_test_us, memory_order_relaxed);
}

int64_t clock_steady_us(void)
{
        return read_us(CLOCK_MONOTONIC);
}

int64_t clock_stored_us(void)
{
        int64_t now_us = clock_now_us(), steady_us = clock_steady_us();
        int64_t offset_us = now_us - steady_us, trusted_us = atomic_load(&trusted_offset_us);
        if (trusted_us && offset_us - trusted_us > CLOCK_JUMP_MAX_US)
                return steady_us + trusted_us;
        if (!trusted_us || trusted_us - offset_us <= CLOCK_JUMP_MAX_US) /* a jump back is not forgotten: its repair is no jump forward */
                atomic_store(&trusted_offset_us, offset_us);
        return now_us;
}

bool clock_accept(int64_t *ret_jump_us)
{
        int64_t offset_us = clock_now_us() - clock_steady_us(), trusted_us = atomic_load(&trusted_offset_us);
        *ret_jump_us = trusted_us ? offset_us - trusted_us : 0;
        if (*ret_jump_us <= CLOCK_JUMP_MAX_US)
                return false;
        atomic_store(&trusted_offset_us, offset_us);
        return true;
}

void clock_shift_for_test_us(int64_t shift_us)
{
        atomic_store(&shift_for_test_us, shift_us);
}

/* Days since 1970-01-01 of a date. Years are counted from March, so that the leap day is the last of its year. */
static int64_t days_from_date(int64_t year, int month, int day)
{
        int64_t shifted = month <= 2 ? year - 1 : year;
        int64_t era = (shifted >= 0 ? shifted : shifted - 399) / 400;
        int64_t year_of_era = shifted - era * 400;
        int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
        return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

static void date_from_days(int64_t days, int64_t *ret_year, int *ret_month, int *ret_day)
{
        days += 719468;
        int64_t era = (days >= 0 ? days : days - 146096) / 146097;
        int64_t day_of_era = days - era * 146097;
        int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
        int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        int64_t month = (5 * day_of_year + 2) / 153;
        *ret_day = (int)(day_of_year - (153 * month + 2) / 5 + 1);
        *ret_month = (int)(month < 10 ? month + 3 : month - 9);
        *ret_year = year_of_era + era * 400 + (*ret_month <= 2);
}

/* Every answer holds several times, and printf takes twenty times as long. */
static void put_digits(char *into, int count, unsigned number)
{
        for (; count > 0; number /= 10)
                into[--count] = (char)('0' + number % 10);
}

void clock_format(int64_t time_us, char ret[CLOCK_TEXT_SIZE])
{
        /* RFC 3339 has four digits for the year: what lies outside stands at the nearest end. */
        const int64_t earliest = days_from_date(0, 1, 1) * US_PER_DAY;
        const int64_t latest = days_from_date(YEAR_MAX + 1, 1, 1) * US_PER_DAY - 1;
        int64_t time = time_us < earliest ? earliest : time_us > latest ? latest : time_us;
        int64_t days = time / US_PER_DAY - (time % US_PER_DAY < 0);
        int64_t of_day_ms = (time - days * US_PER_DAY) / US_PER_MS;
        int64_t year;
        int month, day;
        date_from_days(days, &year, &month, &day);
        memcpy(ret, "0000-00-00T00:00:00.000Z", sizeof("0000-00-00T00:00:00.000Z"));
        put_digits(ret, 4, (unsigned)year);
        put_digits(ret + 5, 2, (unsigned)month);
        put_digits(ret + 8, 2, (unsigned)day);
        put_digits(ret + 11, 2, (unsigned)(of_day_ms / 3600000));
        put_digits(ret + 14, 2, (unsigned)(of_day_ms / 60000 % 60));
        put_digits(ret + 17, 2, (unsigned)(of_day_ms / 1000 % 60));
        put_digits(ret + 20, 3, (unsigned)(of_day_ms % 1000));
}

/* Reads exactly `count` digits and then `after` (unless it is NUL); advances. */
static bool take_digits(const char **at, int count, char after, int *ret)
{
        int number = 0;
        for (int i = 0; i < count; i++, (*at)++) {
                if (!isdigit((unsigned char)**at))
                        return false;
                number = number * 10 + (**at - '0');
        }
        if (after && *(*at)++ != after)
                return false;
        *ret = number;
        return true;
}

/* ".123" in microseconds; digits beyond the sixth are dropped. No fraction: 0. */
static bool take_fraction(const char **at, int64_t *ret_us)
{
        *ret_us = 0;
        if (**at != '.')
                return true;
        int64_t unit = US_PER_S / 10;
        int count = 0;
        for ((*at)++; isdigit((unsigned char)**at); (*at)++, count++, unit /= 10)
                *ret_us += unit * (**at - '0');
        return count > 0 && count <= FRACTION_DIGITS_MAX;
}

static bool take_zone(const char **at, int64_t *ret_us)
{
        char sign = *(*at)++;
        int hours, minutes;
        *ret_us = 0;
        if (sign == 'Z' || sign == 'z')
                return true;
        if (sign != '+' && sign != '-')
                return false;
        if (!take_digits(at, 2, ':', &hours) || !take_digits(at, 2, '\0', &minutes) || hours > 23 || minutes > 59)
                return false;
        *ret_us = (sign == '-' ? -1 : 1) * (hours * 60LL + minutes) * 60 * US_PER_S;
        return true;
}

static bool day_exists(int year, int month, int day)
{
        static const int days_of[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
        if (month < 1 || month > 12 || day < 1)
                return false;
        bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        return day <= days_of[month - 1] + (month == 2 && is_leap);
}

bool clock_parse(const char *text, int64_t *ret_time_us)
{
        int year, month, day, hour, minute, second;
        int64_t fraction_us, zone_us;
        const char *at = text;
        if (!at || !take_digits(&at, 4, '-', &year) || !take_digits(&at, 2, '-', &month) || !take_digits(&at, 2, '\0', &day))
                return false;
        if (*at != 'T' && *at != 't')
                return false;
        at++;
        if (!take_digits(&at, 2, ':', &hour) || !take_digits(&at, 2, ':', &minute) || !take_digits(&at, 2, '\0', &second))
                return false;
        if (!take_fraction(&at, &fraction_us) || !take_zone(&at, &zone_us) || *at != '\0')
                return false;
        /* Second 60 is a leap second (RFC 3339, 5.6) and counts as the second after it; 24:00:00 is XML Schema's end of the day. */
        bool is_midnight = hour == 24 && minute == 0 && second == 0 && fraction_us == 0;
        if (!day_exists(year, month, day) || (hour > 23 && !is_midnight) || minute > 59 || second > (minute == 59 ? 60 : 59))
                return false;
        *ret_time_us =
                days_from_date(year, month, day) * US_PER_DAY + ((hour * 60LL + minute) * 60 + second) * US_PER_S + fraction_us - zone_us;
        return true;
}
