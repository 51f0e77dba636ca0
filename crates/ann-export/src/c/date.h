/* Parts of a date. */
typedef struct {
    float month;   /* 1 to 12 */
    float day;     /* 1 to 31 */
    float weekday; /* 1 (Monday) to 7 */
    float hour;    /* since midnight, with fractions */
} model_date;

/* x / divisor, rounded down. */
static inline int64_t model_quotient(int64_t x, int64_t divisor)
{
    return x / divisor - (x % divisor < 0);
}

/* The parts of a date in seconds since 1970-01-01. Years begin in March, so that the leap day is the last
   (H. Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days). */
static inline model_date model_date_of(int64_t seconds)
{
    const int64_t days = model_quotient(seconds, 86400);
    const int64_t shifted = days + 719468;
    const int64_t day_of_era = shifted - 146097 * model_quotient(shifted, 146097);
    const int64_t year = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    const int64_t day_of_year = day_of_era - (365 * year + year / 4 - year / 100);
    const int64_t month = (5 * day_of_year + 2) / 153;
    const int64_t from_thursday = days - 7 * model_quotient(days, 7);
    model_date date;
    date.month = (float)(month < 10 ? month + 3 : month - 9);
    date.day = (float)(day_of_year - (153 * month + 2) / 5 + 1);
    date.weekday = (float)((from_thursday + 3) % 7 + 1);
    date.hour = (float)(seconds - 86400 * days) / 3600.0f;
    return date;
}
