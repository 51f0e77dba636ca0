/* small.h predicts: number, second.

   ann-export 0.1.0 wrote it from the model with the SHA-256
   b2811b2dcd126a4233ef5e8bfc59369ceebc8d149725f3ad2df8527054b54bdb.
   Networks compute with 16-bit integers. Of 6 rows, 6 are predicted as by the model;
   the largest difference is 3.1e-4 standard deviations. */
#ifndef SMALL_H
#define SMALL_H

#include <math.h>
#include <stdint.h>

#define SMALL_INPUTS 41
#define SMALL_OUTPUTS 2

/* How tables are stored. Define it before this line to store them elsewhere, on AVR for example as
   `const __flash`. */
#ifndef SMALL_CONST
#define SMALL_CONST const
#endif

/* Words of city. */
enum {
    SMALL_CITY_MISSING = -2,
    SMALL_CITY_OTHER = -1,
    SMALL_CITY_BONN = 0, /* Bonn */
    SMALL_CITY_K_LN = 1, /* Köln */
};

/* Words of pair. */
enum {
    SMALL_PAIR_MISSING = -2,
    SMALL_PAIR_OTHER = -1,
    SMALL_PAIR_NO = 0, /* no */
    SMALL_PAIR_YES = 1, /* yes */
};

/* Words of note. */
enum {
    SMALL_NOTE_MISSING = -2,
    SMALL_NOTE_OTHER = -1,
    SMALL_NOTE_LATE = 0, /* late */
};

/* Words of ward. */
enum {
    SMALL_WARD_MISSING = -2,
    SMALL_WARD_OTHER = -1,
    SMALL_WARD_NORTH = 0, /* north */
};

/* A missing date. */
#define SMALL_NO_DATE INT64_MIN

/* A row. Missing numbers are NAN. */
typedef struct {
    float x_cm; /* x (cm): -3 to 11 */
    float gap; /* gap: 7 to 11 */
    float gr_e; /* Größe: 1024 to 1031 */
    double stamp; /* stamp: 1700000000.5 to 1700003600 */
    int city; /* city: SMALL_CITY_... */
    int pair; /* pair: SMALL_PAIR_... */
    int note; /* note: SMALL_NOTE_... */
    int ward; /* ward: SMALL_WARD_... */
    float x_cm_2; /* x-cm: 0.1 to 4.1 */
    int64_t day; /* day: seconds since 1970-01-01, or SMALL_NO_DATE */
} small_row;

/* A number, or what replaces it if it is missing. */
static inline float small_filled(float number, float fill)
{
    return isfinite(number) ? number : fill;
}

/* The distance from a number that has more digits than a float: high + low. */
static inline float small_distance(float number, float high, float low)
{
    return (number - high) - low;
}

/* z = distance / scale, then z / sqrt(1 + (z / limit)^2), which is at most the limit. */
static inline float small_scaled(float distance, float scale, float limit)
{
    const float largest = 1e15f; /* The square of it is still a float. */
    const float z = fminf(fmaxf(distance / scale, -largest), largest);
    const float share = z / limit;
    return z / sqrtf(1.0f + share * share);
}

/* Piecewise-linear inputs. Each piece is an edge (high and low), a width and a mean. */
static inline void small_piecewise(float number, SMALL_CONST float *pieces, int count, float scale, float *x)
{
    for (int i = 0; i < count; i++) {
        const float share = small_distance(number, pieces[4 * i], pieces[4 * i + 1]) / pieces[4 * i + 2];
        x[i] = (fminf(fmaxf(share, 0.0f), 1.0f) - pieces[4 * i + 3]) / scale;
    }
}

/* Parts of a date. */
typedef struct {
    float month;   /* 1 to 12 */
    float day;     /* 1 to 31 */
    float weekday; /* 1 (Monday) to 7 */
    float hour;    /* since midnight, with fractions */
} small_date;

/* x / divisor, rounded down. */
static inline int64_t small_quotient(int64_t x, int64_t divisor)
{
    return x / divisor - (x % divisor < 0);
}

/* The parts of a date in seconds since 1970-01-01. Years begin in March, so that the leap day is the last
   (H. Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days). */
static inline small_date small_date_of(int64_t seconds)
{
    const int64_t days = small_quotient(seconds, 86400);
    const int64_t shifted = days + 719468;
    const int64_t day_of_era = shifted - 146097 * small_quotient(shifted, 146097);
    const int64_t year = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    const int64_t day_of_year = day_of_era - (365 * year + year / 4 - year / 100);
    const int64_t month = (5 * day_of_year + 2) / 153;
    const int64_t from_thursday = days - 7 * small_quotient(days, 7);
    small_date date;
    date.month = (float)(month < 10 ? month + 3 : month - 9);
    date.day = (float)(day_of_year - (153 * month + 2) / 5 + 1);
    date.weekday = (float)((from_thursday + 3) % 7 + 1);
    date.hour = (float)(seconds - 86400 * days) / 3600.0f;
    return date;
}

static SMALL_CONST float small_pieces_x_cm[16] = {
    -3.0f, 0.0f, 3.5625f, 0.8187134f, 0.5625f, 0.0f, 1.4375f, 0.6086956f, 2.0f, 0.0f, 1.625f, 0.3846154f,
    3.625f, 0.0f, 7.375f, 0.17514125f,
};

static SMALL_CONST float small_pieces_gap[16] = {
    7.0f, 0.0f, 1.0f, 0.8333333f, 8.0f, 0.0f, 1.0f, 0.6666667f, 9.0f, 0.0f, 1.0f, 0.33333334f, 10.0f, 0.0f,
    1.0f, 0.16666667f,
};

static SMALL_CONST float small_pieces_gr_e[16] = {
    1024.0f, 0.0f, 0.625f, 0.8f, 1024.625f, 0.0f, 1.625f, 0.53846157f, 1026.25f, 0.0f, 3.125f, 0.4f,
    1029.375f, 0.0f, 1.625f, 0.23076923f,
};

static SMALL_CONST float small_pieces_stamp[16] = {
    -37.125f, 0.0f, 18.25f, 0.79908675f, -18.875f, 0.0f, 18.875f, 0.59933776f, 0.0f, 0.0f, 18.6875f,
    0.4013378f, 18.6875f, 0.0f, 3543.6875f, 0.16684009f,
};

static SMALL_CONST float small_pieces_x_cm_2[16] = {
    0.1f, -1.4901161e-9f, 0.75f, 0.8f, 0.85f, -2.3841858e-8f, 1.15f, 0.5652174f, 2.0f, 0.0f, 1.15f,
    0.4347826f, 3.15f, -9.536743e-8f, 0.95f, 0.19298245f,
};

/* The inputs of a row. */
static inline void small_encode(const small_row *row, float x[SMALL_INPUTS])
{
    { /* x (cm) */
        const float number = small_filled(row->x_cm, 2.0f);
        x[0] = small_scaled(small_distance(number, 2.0f, 0.0f), 3.0625f, 3.0f);
        small_piecewise(number, small_pieces_x_cm, 4, 0.8204078f, x + 21);
    }
    { /* gap */
        const float number = small_filled(row->gap, 9.0f);
        x[1] = small_scaled(small_distance(number, 9.0f, 0.0f), 1.5f, 3.0f);
        x[2] = isfinite(row->gap) ? 0.0f : 1.0f;
        small_piecewise(number, small_pieces_gap, 4, 0.8498366f, x + 25);
    }
    { /* Größe */
        const float number = small_filled(row->gr_e, 1026.25f);
        x[3] = small_scaled(small_distance(number, 1026.25f, 0.0f), 4.75f, 3.0f);
        small_piecewise(number, small_pieces_gr_e, 4, 0.8308642f, x + 29);
    }
    { /* stamp */
        const float number = small_filled((float)(row->stamp - 1700000037.625), 0.0f);
        x[4] = small_scaled(small_distance(number, 0.0f, 0.0f), 37.5625f, 3.0f);
        small_piecewise(number, small_pieces_stamp, 4, 0.81986576f, x + 33);
    }
    { /* city */
        const int word = row->city;
        for (int i = 0; i < 2; i++) {
            x[5 + i] = word == i ? 1.0f : 0.0f;
        }
        x[7] = word != SMALL_CITY_MISSING && (word < 0 || word >= 2) ? 1.0f : 0.0f;
        x[8] = word == SMALL_CITY_MISSING ? 1.0f : 0.0f;
    }
    { /* pair */
        const int word = row->pair;
        x[9] = word == 0 ? -1.0f : word == 1 ? 1.0f : 0.0f;
    }
    { /* note */
        const int word = row->note;
        for (int i = 0; i < 1; i++) {
            x[10 + i] = word == i ? 1.0f : 0.0f;
        }
        x[11] = word == SMALL_NOTE_MISSING ? 1.0f : 0.0f;
    }
    { /* ward */
        const int word = row->ward;
        for (int i = 0; i < 1; i++) {
            x[12 + i] = word == i ? 1.0f : 0.0f;
        }
        x[13] = word != SMALL_WARD_MISSING && (word < 0 || word >= 1) ? 1.0f : 0.0f;
    }
    { /* x-cm */
        const float number = small_filled(row->x_cm_2, 2.0f);
        x[14] = small_scaled(small_distance(number, 2.0f, 0.0f), 2.3f, 3.0f);
        small_piecewise(number, small_pieces_x_cm_2, 4, 0.82402134f, x + 37);
    }
    { /* day */
        const int is_known = row->day != SMALL_NO_DATE;
        const small_date date = small_date_of(is_known ? row->day : 0);
        const float elapsed = is_known ? (float)(row->day - INT64_C(1704103200)) : 0.0f;
        x[15] = small_scaled(small_distance(elapsed, 0.0f, 0.0f), 548240400.0f, 3.0f);
        x[16] = is_known ? 0.0f : 1.0f;
        const float month = is_known ? date.month : 2.0f;
        x[17] = small_scaled(small_distance(month, 2.0f, 0.0f), 3.0f, 3.0f);
        const float day = is_known ? date.day : 6.0f;
        x[18] = small_scaled(small_distance(day, 6.0f, 0.0f), 21.0f, 3.0f);
        const float weekday = is_known ? date.weekday : 3.0f;
        x[19] = small_scaled(small_distance(weekday, 3.0f, 0.0f), 1.5f, 3.0f);
        const float hour = is_known ? date.hour : 10.0f;
        x[20] = small_scaled(small_distance(hour, 10.0f, 0.0f), 8.625f, 3.0f);
    }
}

/* Integers of a layer stand for numbers: inputs times 2^a, weights times 2^w, sums times 2^(a + w). What a
   layer computes is times 2^12. Right shifts of negative integers must round down, as all compilers do it. */

/* An integer, but at least -limit and at most limit. */
static inline int32_t small_limited(int64_t integer, int32_t limit)
{
    return integer < -limit ? -limit : integer > limit ? limit : (int32_t)integer;
}

/* integer / 2^shift, rounded. */
static inline int64_t small_shifted(int64_t integer, int shift)
{
    return shift > 0 ? (integer + ((int64_t)1 << (shift - 1))) >> shift : integer * ((int64_t)1 << -shift);
}

/* An input. */
static inline int16_t small_integer(float x, int bits)
{
    const float scaled = x * (float)((int32_t)1 << bits);
    return (int16_t)(scaled >= 32767.0f ? 32767.0f : scaled <= -32767.0f ? -32767.0f : floorf(scaled + 0.5f));
}

/* z = W x + b. */
static inline void small_dense(const int16_t *x, int inputs, SMALL_CONST int16_t *weights, SMALL_CONST int32_t *bias,
                               int shift, int units, int32_t *z)
{
    for (int unit = 0; unit < units; unit++) {
        int64_t sum = bias[unit];
        for (int input = 0; input < inputs; input++) {
            sum += (int32_t)weights[unit * inputs + input] * x[input];
        }
        z[unit] = small_limited(small_shifted(sum, shift), (int32_t)1 << 28);
    }
}

/* An activation is a line above 0 and another one below, whose slopes are times 2^16, */
static inline int32_t small_line(int32_t z, int32_t above, int32_t below)
{
    return small_limited(((int64_t)z * (z > 0 ? above : below)) >> 16, (int32_t)1 << 28);
}

/* and a curve that is added: a table of 129 points, 2^bits apart, around 0. */
static inline int32_t small_curve(int32_t z, SMALL_CONST int16_t *points, int bits)
{
    const int32_t end = (int32_t)64 << bits;
    const int32_t place = small_limited(z, end - 1) + end;
    const int32_t point = place >> bits;
    const int32_t rest = place - (point << bits);
    return points[point] + (((points[point + 1] - points[point]) * rest) >> bits);
}

/* What a layer computes as inputs of the next one. */
static inline int16_t small_next(int32_t a, int shift)
{
    return (int16_t)small_limited(small_shifted(a, shift), 32767);
}

static SMALL_CONST int16_t small_points_silu[129] = {
    -11, -12, -14, -15, -17, -19, -21, -23, -26, -29, -32, -36, -40, -44, -49, -55, -61, -67, -75, -83, -92,
    -101, -112, -124, -137, -151, -167, -184, -203, -223, -245, -269, -295, -323, -353, -385, -420, -457,
    -497, -539, -583, -629, -677, -726, -777, -828, -879, -929, -977, -1021, -1061, -1095, -1121, -1137,
    -1140, -1129, -1102, -1054, -986, -893, -773, -626, -448, -240, 0, -240, -448, -626, -773, -893, -986,
    -1054, -1102, -1129, -1140, -1137, -1121, -1095, -1061, -1021, -977, -929, -879, -828, -777, -726, -677,
    -629, -583, -539, -497, -457, -420, -385, -353, -323, -295, -269, -245, -223, -203, -184, -167, -151,
    -137, -124, -112, -101, -92, -83, -75, -67, -61, -55, -49, -44, -40, -36, -32, -29, -26, -23, -21, -19,
    -17, -15, -14, -12, -11,
};

static inline int32_t small_silu(int32_t z)
{
    return small_line(z, 65536, 0) + small_curve(z, small_points_silu, 9);
}

static SMALL_CONST int16_t small_points_tanh[129] = {
    -4093, -4093, -4092, -4092, -4091, -4091, -4090, -4089, -4089, -4088, -4086, -4085, -4084, -4082, -4080,
    -4078, -4076, -4073, -4070, -4067, -4063, -4058, -4053, -4048, -4041, -4034, -4026, -4016, -4006, -3994,
    -3981, -3966, -3949, -3929, -3908, -3883, -3856, -3825, -3790, -3751, -3707, -3659, -3604, -3543, -3475,
    -3399, -3315, -3222, -3119, -3007, -2883, -2748, -2602, -2443, -2272, -2088, -1893, -1686, -1468, -1240,
    -1003, -759, -509, -256, 0, 256, 509, 759, 1003, 1240, 1468, 1686, 1893, 2088, 2272, 2443, 2602, 2748,
    2883, 3007, 3119, 3222, 3315, 3399, 3475, 3543, 3604, 3659, 3707, 3751, 3790, 3825, 3856, 3883, 3908,
    3929, 3949, 3966, 3981, 3994, 4006, 4016, 4026, 4034, 4041, 4048, 4053, 4058, 4063, 4067, 4070, 4073,
    4076, 4078, 4080, 4082, 4084, 4085, 4086, 4088, 4089, 4089, 4090, 4091, 4091, 4092, 4092, 4093, 4093,
};

static inline int32_t small_tanh(int32_t z)
{
    return small_line(z, 0, 0) + small_curve(z, small_points_tanh, 8);
}

static inline int32_t small_identity(int32_t z)
{
    return small_line(z, 65536, 65536);
}

static SMALL_CONST int16_t small_weights_1_1[105] = {
    -5033, 617, 9723, -7677, 19362, 34, 3535, -28481, 22264, -19763, 16107, 2343, 18591, -11990, -16805,
    16379, -4946, 4728, 8037, -19449, 23978, 31432, 3261, 7970, -7393, 18893, 5878, -29169, 30458, 25422,
    -14207, 9193, -11746, 3094, 2583, -16498, 19674, -20730, -31627, -12736, -18036, 9028, 31904, -9257, 5356,
    -13906, -20574, 3905, -31901, -20822, -2711, -13908, 8870, -32534, 6354, 31051, -9442, 28664, 22033,
    -27973, -14313, 8913, -17269, 22363, 10444, -26945, 2072, -18093, 27109, -24631, 64, -18983, -10169,
    31483, 18807, 30306, -30335, -8822, 7351, 4678, -1635, -26304, -3991, -27839, -23643, -15836, 10909,
    -31544, -27079, 2874, 11714, -29978, 26353, 23321, 12687, 1320, -8931, 23569, 13326, -2879, 4255, -19775,
    14339, 32300, -18327,
};

static SMALL_CONST int32_t small_bias_1_1[5] = {
    40118528, -24877056, -54996992, -49142016, -56312832,
};

static SMALL_CONST int16_t small_weights_1_2[20] = {
    -19596, 23397, 16172, 26319, -14376, -4691, -8506, 27291, 24488, 7698, 6666, -23369, 12977, -6076, 11188,
    4856, -17648, 26998, -22374, -9465,
};

static SMALL_CONST int32_t small_bias_1_2[4] = {
    95227904, 23475456, 20132864, 67148544,
};

static SMALL_CONST int16_t small_weights_1_3[8] = {
    4095, 23383, -15413, 27702, 17530, -5698, 7964, -15060,
};

static SMALL_CONST int32_t small_bias_1_3[2] = {
    0, 0,
};

/* Network 1: 21 inputs, then 5 units of SiLU, 4 units of tanh, 2 units of identity. */
static inline void small_network_1(const int16_t *x, float *z)
{
    int32_t z_1_1[5];
    int16_t a1[5];
    small_dense(x, 21, small_weights_1_1, small_bias_1_1, 16, 5, z_1_1);
    for (int i = 0; i < 5; i++) {
        a1[i] = small_next(small_silu(z_1_1[i]), 0);
    }
    int32_t z_1_2[4];
    int16_t a2[4];
    small_dense(a1, 5, small_weights_1_2, small_bias_1_2, 16, 4, z_1_2);
    for (int i = 0; i < 4; i++) {
        a2[i] = small_next(small_tanh(z_1_2[i]), 0);
    }
    int32_t z_1_3[2];
    small_dense(a2, 4, small_weights_1_3, small_bias_1_3, 16, 2, z_1_3);
    for (int i = 0; i < 2; i++) {
        z[i] = (float)small_identity(z_1_3[i]) / 4096.0f;
    }
}

static SMALL_CONST int16_t small_weights_2_1[205] = {
    17577, 27336, 12543, -8879, -19184, -3921, -30883, 18013, -19880, 29511, 23477, 13522, 1227, 2411, 4858,
    -12967, -10758, -21654, -30647, 32507, -29606, -18998, -17739, -29237, -13784, -24686, -32575, 11479,
    23187, -21364, -14766, -17871, 31559, 27226, -6229, 17683, 26675, 21107, 1805, -998, -8561, -17625, 17320,
    6053, 9844, -9834, 5333, 7842, 30765, -32106, -25023, 5536, -12677, -30126, -28115, -22561, -12701, 13980,
    -23984, 12296, 3536, -3291, -24273, -25727, -13920, 30747, -21177, -31337, 18074, 12265, -13742, -17927,
    505, 5746, -20174, 22909, 22512, -17946, -31406, 21304, 4836, -4966, -13330, 14170, -25881, -21688,
    -32505, -23762, 13870, -20947, 21659, 30148, 23477, 1017, 14796, -28095, 22225, 5143, 29355, 30331, 3358,
    -1174, 30569, 21709, -16163, -9934, -31516, -2036, -9870, -7742, 10320, 6972, -27647, -15613, -13768,
    -5773, 13209, 18490, 19782, 8004, -17014, 23484, 3352, -6543, -4029, 14556, -14433, -3337, -7696, 32330,
    -23343, 26442, 10678, -9387, 30177, 16673, 16178, -4500, 29150, 3345, 22060, -5751, 29827, 21514, 780,
    -31699, 17248, 25690, 18917, 10663, -14300, 9490, 17116, 2149, -20593, 29337, 19384, 19665, -6841, -3133,
    2081, 17981, -18249, 21038, -28733, -2868, -9913, 25191, -20016, 31378, 26364, -1928, -19745, 13747,
    -2313, 3836, 8345, 30160, 26201, 3900, -14389, -7252, -2985, 23941, 20018, 3817, -31821, 19694, 397,
    -28061, -28336, -7886, -29513, -14231, 29884, 28606, -25297, -17597, -28091, 30782, -4839, 21417, 2314,
    -14510, -16811,
};

static SMALL_CONST int32_t small_bias_2_1[5] = {
    74712320, 96846592, 74137600, 99601664, 47284736,
};

static SMALL_CONST int16_t small_weights_2_2[20] = {
    28808, 21847, 10432, 3526, 6561, -20108, -5571, 14715, 10481, 16997, 5509, -10116, -7029, 28692, -11044,
    -32070, -32032, 2888, -24118, 15417,
};

static SMALL_CONST int32_t small_bias_2_2[4] = {
    -60206592, -12894976, 82579200, -26050048,
};

static SMALL_CONST int16_t small_weights_2_3[8] = {
    -19476, 25190, 8749, -6990, 29729, -13007, 4064, 11548,
};

static SMALL_CONST int32_t small_bias_2_3[2] = {
    0, 0,
};

/* Network 2: 41 inputs, then 5 units of SiLU, 4 units of tanh, 2 units of identity. */
static inline void small_network_2(const int16_t *x, float *z)
{
    int32_t z_2_1[5];
    int16_t a1[5];
    small_dense(x, 41, small_weights_2_1, small_bias_2_1, 16, 5, z_2_1);
    for (int i = 0; i < 5; i++) {
        a1[i] = small_next(small_silu(z_2_1[i]), 0);
    }
    int32_t z_2_2[4];
    int16_t a2[4];
    small_dense(a1, 5, small_weights_2_2, small_bias_2_2, 16, 4, z_2_2);
    for (int i = 0; i < 4; i++) {
        a2[i] = small_next(small_tanh(z_2_2[i]), 0);
    }
    int32_t z_2_3[2];
    small_dense(a2, 4, small_weights_2_3, small_bias_2_3, 16, 2, z_2_3);
    for (int i = 0; i < 2; i++) {
        z[i] = (float)small_identity(z_2_3[i]) / 4096.0f;
    }
}

/* Center, scale, smallest and largest of each number. */
static SMALL_CONST float small_numbers[8] = {
    1.375f, 1.3050383f, -1.0f, 3.0f, 2.0833333f, 3.3716547f, -3.0f, 8.0f,
};

/* Adds the numbers of one network, inside the range that was learned from. */
static inline void small_add(const float *z, float *y)
{
    for (int i = 0; i < SMALL_OUTPUTS; i++) {
        SMALL_CONST float *number = small_numbers + 4 * i;
        const float value = number[0] + number[1] * (z[i]);
        y[i] += fminf(fmaxf(value, number[2]), number[3]);
    }
}

/* Overwrites p with the prediction for the inputs of a row. */
static inline void small_predict_encoded(const float x[SMALL_INPUTS], float p[SMALL_OUTPUTS])
{
    float z[SMALL_OUTPUTS];
    int16_t integers[SMALL_INPUTS];
    for (int i = 0; i < SMALL_INPUTS; i++) {
        integers[i] = small_integer(x[i], 12);
    }
    for (int i = 0; i < SMALL_OUTPUTS; i++) {
        p[i] = 0.0f;
    }
    small_network_1(integers, z);
    small_add(z, p);
    small_network_2(integers, z);
    small_add(z, p);
    for (int i = 0; i < SMALL_OUTPUTS; i++) {
        p[i] /= 2.0f;
    }
}

/* Overwrites p with numbers.
   p[0]: number
   p[1]: second */
static inline void small_predict(const small_row *row, float p[SMALL_OUTPUTS])
{
    float x[SMALL_INPUTS];
    small_encode(row, x);
    small_predict_encoded(x, p);
}

#ifdef SMALL_SELF_TEST
/* Made-up rows, what the model predicts for them, and by how much this may differ here. */
static const small_row small_test_rows[8] = {
    { -3.0f, 11.0f, 1027.5f, 1700000900.375, 1, -1, 0, -2, 0.1f, INT64_C(1735691400) },
    { 11.0f, 9.0f, 1025.75f, 1700003150.0625, -1, 0, -2, 0, 4.1f, INT64_C(857477700) },
    { 4.0f, 8.0f, 1030.125f, 1700005399.75, 0, -2, 0, -1, 2.1f, INT64_C(418370850) },
    { 0.5f, 10.5f, 1034.5f, 1699998200.75, -2, 0, -1, 0, 1.1f, INT64_C(1516137974) },
    { 9.25f, 13.0f, 1020.5f, (double)NAN, 0, 1, 0, -1, 3.6f, INT64_C(2613905100) },
    { 18.0f, 5.0f, NAN, 1700000000.5, 1, -1, -1, 0, 6.1f, INT64_C(-898949700) },
    { -10.0f, NAN, 1024.0f, 1700003600.0, -1, 0, 0, -1, -1.9f, SMALL_NO_DATE },
    { NAN, 7.0f, 1031.0f, 1700001800.25, 0, 1, -1, 0, NAN, INT64_C(-20736000) },
};
static const float small_test_predictions[16] = {
    1.2680101f, 2.3268163f, 1.4746413f, 2.123922f, 1.4753876f, 1.9740294f, 1.5420272f, 2.1212664f, 1.6835731f,
    2.1351678f, 1.5631281f, 1.9551054f, 1.2563452f, 2.3005054f, 1.4373816f, 2.0902934f,
};
static const float small_test_tolerances[2] = {
    0.0015554739f, 0.004018672f,
};

/* The number of made-up rows that are predicted otherwise than by the model: 0 is right. */
static inline int small_self_test(void)
{
    const int count = (int)(sizeof small_test_rows / sizeof small_test_rows[0]);
    int wrong = 0;
    for (int row = 0; row < count; row++) {
        const float *expected = small_test_predictions + row * SMALL_OUTPUTS;
        float p[SMALL_OUTPUTS];
        int is_right = 1;
        small_predict(&small_test_rows[row], p);
        for (int i = 0; i < SMALL_OUTPUTS; i++) {
            /* A difference that is NaN is wrong, too. */
            is_right = is_right && fabsf(p[i] - expected[i]) <= small_test_tolerances[i];
        }
        wrong += !is_right;
    }
    return wrong;
}
#endif

#endif
