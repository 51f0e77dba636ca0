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
