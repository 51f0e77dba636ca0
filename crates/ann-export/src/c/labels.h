/* Adds the probabilities that one network gives to the labels. */
static inline void model_add(const float *z, float *p)
{
    for (int i = 0; i < MODEL_OUTPUTS; i++) {
        p[i] += 1.0f / (1.0f + expf(-z[i]));
    }
}
