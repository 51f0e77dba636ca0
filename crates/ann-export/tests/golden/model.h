/* model.h predicts: number, second.

   ann-export 0.1.0 wrote it from the model with the SHA-256
   b2811b2dcd126a4233ef5e8bfc59369ceebc8d149725f3ad2df8527054b54bdb.
   Networks compute in single precision. */
#ifndef MODEL_H
#define MODEL_H

#include <math.h>
#include <stdint.h>

#define MODEL_INPUTS 41
#define MODEL_OUTPUTS 2

/* How tables are stored. Define it before this line to store them elsewhere, on AVR for example as
   `const __flash`. */
#ifndef MODEL_CONST
#define MODEL_CONST const
#endif

/* Words of city. */
enum {
    MODEL_CITY_MISSING = -2,
    MODEL_CITY_OTHER = -1,
    MODEL_CITY_BONN = 0, /* Bonn */
    MODEL_CITY_K_LN = 1, /* Köln */
};

/* Words of pair. */
enum {
    MODEL_PAIR_MISSING = -2,
    MODEL_PAIR_OTHER = -1,
    MODEL_PAIR_NO = 0, /* no */
    MODEL_PAIR_YES = 1, /* yes */
};

/* Words of note. */
enum {
    MODEL_NOTE_MISSING = -2,
    MODEL_NOTE_OTHER = -1,
    MODEL_NOTE_LATE = 0, /* late */
};

/* Words of ward. */
enum {
    MODEL_WARD_MISSING = -2,
    MODEL_WARD_OTHER = -1,
    MODEL_WARD_NORTH = 0, /* north */
};

/* A missing date. */
#define MODEL_NO_DATE INT64_MIN

/* A row. Missing numbers are NAN. */
typedef struct {
    float x_cm; /* x (cm): -3 to 11 */
    float gap; /* gap: 7 to 11 */
    float gr_e; /* Größe: 1024 to 1031 */
    double stamp; /* stamp: 1700000000.5 to 1700003600 */
    int city; /* city: MODEL_CITY_... */
    int pair; /* pair: MODEL_PAIR_... */
    int note; /* note: MODEL_NOTE_... */
    int ward; /* ward: MODEL_WARD_... */
    float x_cm_2; /* x-cm: 0.1 to 4.1 */
    int64_t day; /* day: seconds since 1970-01-01, or MODEL_NO_DATE */
} model_row;

/* A number, or what replaces it if it is missing. */
static inline float model_filled(float number, float fill)
{
    return isfinite(number) ? number : fill;
}

/* The distance from a number that has more digits than a float: high + low. */
static inline float model_distance(float number, float high, float low)
{
    return (number - high) - low;
}

/* z = distance / scale, then z / sqrt(1 + (z / limit)^2), which is at most the limit. */
static inline float model_scaled(float distance, float scale, float limit)
{
    const float largest = 1e15f; /* The square of it is still a float. */
    const float z = fminf(fmaxf(distance / scale, -largest), largest);
    const float share = z / limit;
    return z / sqrtf(1.0f + share * share);
}

/* Piecewise-linear inputs. Each piece is an edge (high and low), a width and a mean. */
static inline void model_piecewise(float number, MODEL_CONST float *pieces, int count, float scale, float *x)
{
    for (int i = 0; i < count; i++) {
        const float share = model_distance(number, pieces[4 * i], pieces[4 * i + 1]) / pieces[4 * i + 2];
        x[i] = (fminf(fmaxf(share, 0.0f), 1.0f) - pieces[4 * i + 3]) / scale;
    }
}

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

static MODEL_CONST float model_pieces_x_cm[16] = {
    -3.0f, 0.0f, 3.5625f, 0.8187134f, 0.5625f, 0.0f, 1.4375f, 0.6086956f, 2.0f, 0.0f, 1.625f, 0.3846154f,
    3.625f, 0.0f, 7.375f, 0.17514125f,
};

static MODEL_CONST float model_pieces_gap[16] = {
    7.0f, 0.0f, 1.0f, 0.8333333f, 8.0f, 0.0f, 1.0f, 0.6666667f, 9.0f, 0.0f, 1.0f, 0.33333334f, 10.0f, 0.0f,
    1.0f, 0.16666667f,
};

static MODEL_CONST float model_pieces_gr_e[16] = {
    1024.0f, 0.0f, 0.625f, 0.8f, 1024.625f, 0.0f, 1.625f, 0.53846157f, 1026.25f, 0.0f, 3.125f, 0.4f,
    1029.375f, 0.0f, 1.625f, 0.23076923f,
};

static MODEL_CONST float model_pieces_stamp[16] = {
    -37.125f, 0.0f, 18.25f, 0.79908675f, -18.875f, 0.0f, 18.875f, 0.59933776f, 0.0f, 0.0f, 18.6875f,
    0.4013378f, 18.6875f, 0.0f, 3543.6875f, 0.16684009f,
};

static MODEL_CONST float model_pieces_x_cm_2[16] = {
    0.1f, -1.4901161e-9f, 0.75f, 0.8f, 0.85f, -2.3841858e-8f, 1.15f, 0.5652174f, 2.0f, 0.0f, 1.15f,
    0.4347826f, 3.15f, -9.536743e-8f, 0.95f, 0.19298245f,
};

/* The inputs of a row. */
static inline void model_encode(const model_row *row, float x[MODEL_INPUTS])
{
    { /* x (cm) */
        const float number = model_filled(row->x_cm, 2.0f);
        x[0] = model_scaled(model_distance(number, 2.0f, 0.0f), 3.0625f, 3.0f);
        model_piecewise(number, model_pieces_x_cm, 4, 0.8204078f, x + 21);
    }
    { /* gap */
        const float number = model_filled(row->gap, 9.0f);
        x[1] = model_scaled(model_distance(number, 9.0f, 0.0f), 1.5f, 3.0f);
        x[2] = isfinite(row->gap) ? 0.0f : 1.0f;
        model_piecewise(number, model_pieces_gap, 4, 0.8498366f, x + 25);
    }
    { /* Größe */
        const float number = model_filled(row->gr_e, 1026.25f);
        x[3] = model_scaled(model_distance(number, 1026.25f, 0.0f), 4.75f, 3.0f);
        model_piecewise(number, model_pieces_gr_e, 4, 0.8308642f, x + 29);
    }
    { /* stamp */
        const float number = model_filled((float)(row->stamp - 1700000037.625), 0.0f);
        x[4] = model_scaled(model_distance(number, 0.0f, 0.0f), 37.5625f, 3.0f);
        model_piecewise(number, model_pieces_stamp, 4, 0.81986576f, x + 33);
    }
    { /* city */
        const int word = row->city;
        for (int i = 0; i < 2; i++) {
            x[5 + i] = word == i ? 1.0f : 0.0f;
        }
        x[7] = word != MODEL_CITY_MISSING && (word < 0 || word >= 2) ? 1.0f : 0.0f;
        x[8] = word == MODEL_CITY_MISSING ? 1.0f : 0.0f;
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
        x[11] = word == MODEL_NOTE_MISSING ? 1.0f : 0.0f;
    }
    { /* ward */
        const int word = row->ward;
        for (int i = 0; i < 1; i++) {
            x[12 + i] = word == i ? 1.0f : 0.0f;
        }
        x[13] = word != MODEL_WARD_MISSING && (word < 0 || word >= 1) ? 1.0f : 0.0f;
    }
    { /* x-cm */
        const float number = model_filled(row->x_cm_2, 2.0f);
        x[14] = model_scaled(model_distance(number, 2.0f, 0.0f), 2.3f, 3.0f);
        model_piecewise(number, model_pieces_x_cm_2, 4, 0.82402134f, x + 37);
    }
    { /* day */
        const int is_known = row->day != MODEL_NO_DATE;
        const model_date date = model_date_of(is_known ? row->day : 0);
        const float elapsed = is_known ? (float)(row->day - INT64_C(1704103200)) : 0.0f;
        x[15] = model_scaled(model_distance(elapsed, 0.0f, 0.0f), 548240400.0f, 3.0f);
        x[16] = is_known ? 0.0f : 1.0f;
        const float month = is_known ? date.month : 2.0f;
        x[17] = model_scaled(model_distance(month, 2.0f, 0.0f), 3.0f, 3.0f);
        const float day = is_known ? date.day : 6.0f;
        x[18] = model_scaled(model_distance(day, 6.0f, 0.0f), 21.0f, 3.0f);
        const float weekday = is_known ? date.weekday : 3.0f;
        x[19] = model_scaled(model_distance(weekday, 3.0f, 0.0f), 1.5f, 3.0f);
        const float hour = is_known ? date.hour : 10.0f;
        x[20] = model_scaled(model_distance(hour, 10.0f, 0.0f), 8.625f, 3.0f);
    }
}

/* z = W x + b. */
static inline void model_dense(const float *x, int inputs, MODEL_CONST float *weights, MODEL_CONST float *bias,
                               int units, float *z)
{
    for (int unit = 0; unit < units; unit++) {
        float sum = bias[unit];
        for (int input = 0; input < inputs; input++) {
            sum += weights[unit * inputs + input] * x[input];
        }
        z[unit] = sum;
    }
}

static inline float model_silu(float z)
{
    return z / (1.0f + expf(-z));
}

static inline float model_tanh(float z)
{
    return tanhf(z);
}

static MODEL_CONST float model_weights_1_1[105] = {
    -0.07679176f, 0.009407043f, 0.1483593f, -0.117136955f, 0.29544735f, 0.00051116943f, 0.05393505f,
    -0.4345808f, 0.3397255f, -0.3015604f, 0.24576569f, 0.035757065f, 0.28368282f, -0.18295097f, -0.25641918f,
    0.2499218f, -0.07546425f, 0.072143555f, 0.12263203f, -0.296772f, 0.36588192f, 0.47962093f, 0.049752235f,
    0.12160778f, -0.11280632f, 0.28827858f, 0.089692116f, -0.44508076f, 0.464756f, 0.38791084f, -0.21678543f,
    0.14027786f, -0.1792345f, 0.04720497f, 0.039408684f, -0.2517376f, 0.3001938f, -0.31630898f, -0.48259354f,
    -0.19433212f, -0.27520752f, 0.13776302f, 0.48680973f, -0.1412468f, 0.081728935f, -0.21219635f,
    -0.3139391f, 0.05959034f, -0.48677254f, -0.3177147f, -0.04137039f, -0.21222305f, 0.13534069f,
    -0.49642754f, 0.09694862f, 0.47379494f, -0.14407635f, 0.43737793f, 0.33619022f, -0.42682934f,
    -0.21839428f, 0.13599491f, -0.26350403f, 0.34123516f, 0.15936184f, -0.4111519f, 0.031611443f, -0.2760706f,
    0.41365623f, -0.37584496f, 0.0009775162f, -0.28966427f, -0.15516853f, 0.48039532f, 0.2869768f,
    0.46243286f, -0.46286964f, -0.13460827f, 0.1121645f, 0.071377754f, -0.024951935f, -0.40136433f,
    -0.060897827f, -0.42479134f, -0.3607664f, -0.2416439f, 0.16645622f, -0.4813261f, -0.41318798f,
    0.043860435f, 0.17873955f, -0.45742607f, 0.4021082f, 0.3558426f, 0.19359112f, 0.020139694f, -0.13627148f,
    0.35963535f, 0.20333862f, -0.043930054f, 0.06491947f, -0.30174446f, 0.21879578f, 0.49285793f,
    -0.27964973f,
};

static MODEL_CONST float model_bias_1_1[5] = {
    0.14945316f, -0.092674255f, -0.20487976f, -0.18306828f, -0.20978165f,
};

static MODEL_CONST float model_weights_1_2[20] = {
    -0.29901695f, 0.3570137f, 0.24675846f, 0.4016018f, -0.2193613f, -0.071575165f, -0.12979507f, 0.41642857f,
    0.373662f, 0.117468834f, 0.101714134f, -0.35658932f, 0.19801426f, -0.09271526f, 0.17071724f, 0.07410145f,
    -0.26928997f, 0.4119587f, -0.34140587f, -0.14442825f,
};

static MODEL_CONST float model_bias_1_2[4] = {
    0.3547516f, 0.08745289f, 0.07500076f, 0.25014782f,
};

static MODEL_CONST float model_weights_1_3[8] = {
    0.06248188f, 0.35679245f, -0.2351799f, 0.4227047f, 0.26747894f, -0.08693981f, 0.12152481f, -0.22979069f,
};

static MODEL_CONST float model_bias_1_3[2] = {
    0.0f, 0.0f,
};

/* Network 1: 21 inputs, then 5 units of SiLU, 4 units of tanh, 2 units of identity. */
static inline void model_network_1(const float *x, float *z)
{
    float a1[5];
    model_dense(x, 21, model_weights_1_1, model_bias_1_1, 5, a1);
    for (int i = 0; i < 5; i++) {
        a1[i] = model_silu(a1[i]);
    }
    float a2[4];
    model_dense(a1, 5, model_weights_1_2, model_bias_1_2, 4, a2);
    for (int i = 0; i < 4; i++) {
        a2[i] = model_tanh(a2[i]);
    }
    model_dense(a2, 4, model_weights_1_3, model_bias_1_3, 2, z);
}

static MODEL_CONST float model_weights_2_1[205] = {
    0.26820946f, 0.4171152f, 0.1913948f, -0.13548946f, -0.29273033f, -0.05983734f, -0.47124004f, 0.27485847f,
    -0.30334187f, 0.45030212f, 0.35822868f, 0.20632172f, 0.018726349f, 0.0367918f, 0.07412529f, -0.19786072f,
    -0.16415215f, -0.33041573f, -0.46763325f, 0.4960146f, -0.4517498f, -0.2898941f, -0.2706728f, -0.44612408f,
    -0.21032238f, -0.37668133f, -0.49704933f, 0.1751566f, 0.3537979f, -0.32599258f, -0.22531796f, -0.2726841f,
    0.48155022f, 0.41542816f, -0.095051765f, 0.2698145f, 0.40702152f, 0.32206059f, 0.027545929f,
    -0.015235901f, -0.13063335f, -0.26893997f, 0.264287f, 0.09236431f, 0.15020084f, -0.1500578f, 0.08136749f,
    0.11965656f, 0.4694414f, -0.4899006f, -0.3818226f, 0.084477425f, -0.19343567f, -0.45968437f, -0.42899513f,
    -0.34425163f, -0.19380665f, 0.21332264f, -0.36597443f, 0.1876173f, 0.053954124f, -0.05021f, -0.37038326f,
    -0.39256096f, -0.21240711f, 0.46916294f, -0.32313728f, -0.47816467f, 0.27579117f, 0.1871481f,
    -0.20969391f, -0.27355003f, 0.0077056885f, 0.08767891f, -0.3078375f, 0.34956264f, 0.343503f, -0.27382946f,
    -0.47921562f, 0.3250723f, 0.07378483f, -0.07578182f, -0.2033968f, 0.21621132f, -0.3949089f, -0.3309307f,
    -0.49598312f, -0.36257935f, 0.21164036f, -0.31962395f, 0.3304968f, 0.4600172f, 0.35822773f, 0.015520096f,
    0.22576427f, -0.4287014f, 0.33912754f, 0.078471184f, 0.44791794f, 0.46281815f, 0.051232338f,
    -0.017918587f, 0.46644497f, 0.331254f, -0.24663258f, -0.15158081f, -0.4808979f, -0.031064034f,
    -0.15061092f, -0.11813927f, 0.15746593f, 0.10637951f, -0.4218607f, -0.23823929f, -0.21008492f,
    -0.088085175f, 0.20155334f, 0.28213882f, 0.3018427f, 0.122125626f, -0.25961876f, 0.35833263f,
    0.051154137f, -0.099832535f, -0.061484337f, 0.2220993f, -0.22022343f, -0.050919533f, -0.11743927f,
    0.49332237f, -0.3561859f, 0.4034691f, 0.16293144f, -0.14324188f, 0.4604683f, 0.25441265f, 0.24685764f,
    -0.06866264f, 0.44479465f, 0.051038742f, 0.33660603f, -0.08775234f, 0.45511818f, 0.3282814f, 0.011896133f,
    -0.48368835f, 0.26317978f, 0.39199257f, 0.28865623f, 0.16271019f, -0.21819592f, 0.14480686f, 0.2611742f,
    0.03278637f, -0.31423187f, 0.4476509f, 0.29578018f, 0.30006313f, -0.1043911f, -0.047802925f, 0.031746864f,
    0.2743616f, -0.2784567f, 0.32101822f, -0.43843174f, -0.04376316f, -0.15125465f, 0.3843794f, -0.3054161f,
    0.47879314f, 0.4022827f, -0.029425621f, -0.30128193f, 0.20976734f, -0.03530121f, 0.05853176f, 0.12734032f,
    0.46020412f, 0.39979744f, 0.05951214f, -0.21956444f, -0.1106596f, -0.045542717f, 0.36530685f, 0.30544758f,
    0.05823517f, -0.48555756f, 0.30051327f, 0.006058693f, -0.42817974f, -0.43237782f, -0.12032986f,
    -0.4503374f, -0.21714592f, 0.4559946f, 0.43649197f, -0.3859949f, -0.26850414f, -0.42862892f, 0.46969223f,
    -0.07383442f, 0.32679176f, 0.035312653f, -0.22140789f, -0.25652122f,
};

static MODEL_CONST float model_bias_2_1[5] = {
    0.27832508f, 0.36078167f, 0.27618408f, 0.3710451f, 0.17614937f,
};

static MODEL_CONST float model_weights_2_2[20] = {
    0.43957996f, 0.33335876f, 0.15917969f, 0.05380249f, 0.100112915f, -0.30682564f, -0.08501053f, 0.22453403f,
    0.15993214f, 0.25934792f, 0.08406258f, -0.15435505f, -0.10725689f, 0.4378023f, -0.16852283f, -0.4893465f,
    -0.48876286f, 0.04406929f, -0.3680086f, 0.23523903f,
};

static MODEL_CONST float model_bias_2_2[4] = {
    -0.22428703f, -0.04803753f, 0.3076315f, -0.09704399f,
};

static MODEL_CONST float model_weights_2_3[8] = {
    -0.29717922f, 0.38436413f, 0.13349438f, -0.10665798f, 0.45363522f, -0.19847107f, 0.062010765f,
    0.17621422f,
};

static MODEL_CONST float model_bias_2_3[2] = {
    0.0f, 0.0f,
};

/* Network 2: 41 inputs, then 5 units of SiLU, 4 units of tanh, 2 units of identity. */
static inline void model_network_2(const float *x, float *z)
{
    float a1[5];
    model_dense(x, 41, model_weights_2_1, model_bias_2_1, 5, a1);
    for (int i = 0; i < 5; i++) {
        a1[i] = model_silu(a1[i]);
    }
    float a2[4];
    model_dense(a1, 5, model_weights_2_2, model_bias_2_2, 4, a2);
    for (int i = 0; i < 4; i++) {
        a2[i] = model_tanh(a2[i]);
    }
    model_dense(a2, 4, model_weights_2_3, model_bias_2_3, 2, z);
}

/* Center, scale, smallest and largest of each number. */
static MODEL_CONST float model_numbers[8] = {
    1.375f, 1.3050383f, -1.0f, 3.0f, 2.0833333f, 3.3716547f, -3.0f, 8.0f,
};

/* Adds the numbers of one network, inside the range that was learned from. */
static inline void model_add(const float *z, float *y)
{
    for (int i = 0; i < MODEL_OUTPUTS; i++) {
        MODEL_CONST float *number = model_numbers + 4 * i;
        const float value = number[0] + number[1] * (z[i]);
        y[i] += fminf(fmaxf(value, number[2]), number[3]);
    }
}

/* Overwrites p with the prediction for the inputs of a row. */
static inline void model_predict_encoded(const float x[MODEL_INPUTS], float p[MODEL_OUTPUTS])
{
    float z[MODEL_OUTPUTS];
    for (int i = 0; i < MODEL_OUTPUTS; i++) {
        p[i] = 0.0f;
    }
    model_network_1(x, z);
    model_add(z, p);
    model_network_2(x, z);
    model_add(z, p);
    for (int i = 0; i < MODEL_OUTPUTS; i++) {
        p[i] /= 2.0f;
    }
}

/* Overwrites p with numbers.
   p[0]: number
   p[1]: second */
static inline void model_predict(const model_row *row, float p[MODEL_OUTPUTS])
{
    float x[MODEL_INPUTS];
    model_encode(row, x);
    model_predict_encoded(x, p);
}

#ifdef MODEL_SELF_TEST
/* Made-up rows, what the model predicts for them, and by how much this may differ here. */
static const model_row model_test_rows[8] = {
    { -3.0f, 11.0f, 1027.5f, 1700000900.375, 1, -1, 0, -2, 0.1f, INT64_C(1735691400) },
    { 11.0f, 9.0f, 1025.75f, 1700003150.0625, -1, 0, -2, 0, 4.1f, INT64_C(857477700) },
    { 4.0f, 8.0f, 1030.125f, 1700005399.75, 0, -2, 0, -1, 2.1f, INT64_C(418370850) },
    { 0.5f, 10.5f, 1034.5f, 1699998200.75, -2, 0, -1, 0, 1.1f, INT64_C(1516137974) },
    { 9.25f, 13.0f, 1020.5f, (double)NAN, 0, 1, 0, -1, 3.6f, INT64_C(2613905100) },
    { 18.0f, 5.0f, NAN, 1700000000.5, 1, -1, -1, 0, 6.1f, INT64_C(-898949700) },
    { -10.0f, NAN, 1024.0f, 1700003600.0, -1, 0, 0, -1, -1.9f, MODEL_NO_DATE },
    { NAN, 7.0f, 1031.0f, 1700001800.25, 0, 1, -1, 0, NAN, INT64_C(-20736000) },
};
static const float model_test_predictions[16] = {
    1.2680101f, 2.3268163f, 1.4746413f, 2.123922f, 1.4753876f, 1.9740294f, 1.5420272f, 2.1212664f, 1.6835731f,
    2.1351678f, 1.5631281f, 1.9551054f, 1.2563452f, 2.3005054f, 1.4373816f, 2.0902934f,
};
static const float model_test_tolerances[2] = {
    1.3050383e-5f, 3.3716547e-5f,
};

/* The number of made-up rows that are predicted otherwise than by the model: 0 is right. */
static inline int model_self_test(void)
{
    const int count = (int)(sizeof model_test_rows / sizeof model_test_rows[0]);
    int wrong = 0;
    for (int row = 0; row < count; row++) {
        const float *expected = model_test_predictions + row * MODEL_OUTPUTS;
        float p[MODEL_OUTPUTS];
        int is_right = 1;
        model_predict(&model_test_rows[row], p);
        for (int i = 0; i < MODEL_OUTPUTS; i++) {
            /* A difference that is NaN is wrong, too. */
            is_right = is_right && fabsf(p[i] - expected[i]) <= model_test_tolerances[i];
        }
        wrong += !is_right;
    }
    return wrong;
}
#endif

#endif
