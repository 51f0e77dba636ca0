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
