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
