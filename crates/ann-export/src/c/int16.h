/* Integers of a layer stand for numbers: inputs times 2^a, weights times 2^w, sums times 2^(a + w). What a
   layer computes is times 2^12. Right shifts of negative integers must round down, as all compilers do it. */

/* An integer, but at least -limit and at most limit. */
static inline int32_t model_limited(int64_t integer, int32_t limit)
{
    return integer < -limit ? -limit : integer > limit ? limit : (int32_t)integer;
}

/* integer / 2^shift, rounded. */
static inline int64_t model_shifted(int64_t integer, int shift)
{
    return shift > 0 ? (integer + ((int64_t)1 << (shift - 1))) >> shift : integer * ((int64_t)1 << -shift);
}

/* An input. */
static inline int16_t model_integer(float x, int bits)
{
    const float scaled = x * (float)((int32_t)1 << bits);
    return (int16_t)(scaled >= 32767.0f ? 32767.0f : scaled <= -32767.0f ? -32767.0f : floorf(scaled + 0.5f));
}

/* z = W x + b. */
static inline void model_dense(const int16_t *x, int inputs, MODEL_CONST int16_t *weights, MODEL_CONST int32_t *bias,
                               int shift, int units, int32_t *z)
{
    for (int unit = 0; unit < units; unit++) {
        int64_t sum = bias[unit];
        for (int input = 0; input < inputs; input++) {
            sum += (int32_t)weights[unit * inputs + input] * x[input];
        }
        z[unit] = model_limited(model_shifted(sum, shift), (int32_t)1 << 28);
    }
}

/* An activation is a line above 0 and another one below, whose slopes are times 2^16, */
static inline int32_t model_line(int32_t z, int32_t above, int32_t below)
{
    return model_limited(((int64_t)z * (z > 0 ? above : below)) >> 16, (int32_t)1 << 28);
}

/* and a curve that is added: a table of 129 points, 2^bits apart, around 0. */
static inline int32_t model_curve(int32_t z, MODEL_CONST int16_t *points, int bits)
{
    const int32_t end = (int32_t)64 << bits;
    const int32_t place = model_limited(z, end - 1) + end;
    const int32_t point = place >> bits;
    const int32_t rest = place - (point << bits);
    return points[point] + (((points[point + 1] - points[point]) * rest) >> bits);
}

/* What a layer computes as inputs of the next one. */
static inline int16_t model_next(int32_t a, int shift)
{
    return (int16_t)model_limited(model_shifted(a, shift), 32767);
}
