/* Adds the probabilities that one network gives to the classes: softmax of its outputs. */
static inline void model_add(const float *z, float *p)
{
    float powers[MODEL_OUTPUTS], largest = z[0], sum = 0.0f;
    for (int i = 1; i < MODEL_OUTPUTS; i++) {
        largest = fmaxf(largest, z[i]);
    }
    for (int i = 0; i < MODEL_OUTPUTS; i++) {
        powers[i] = expf(z[i] - largest);
        sum += powers[i];
    }
    for (int i = 0; i < MODEL_OUTPUTS; i++) {
        p[i] += powers[i] / sum;
    }
}

/* The first of the most probable classes. */
static inline int model_most_probable(const float *p)
{
    int best = 0;
    for (int i = 1; i < MODEL_OUTPUTS; i++) {
        best = p[i] > p[best] ? i : best;
    }
    return best;
}
