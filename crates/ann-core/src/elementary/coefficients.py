"""Prints the polynomial `mills` of coefficients.rs for f64 and f32, with mpmath (pip install mpmath).

(x + K) e^(x²/2) Φ(−x) is interpolated at Chebyshev's nodes in t = (x − K) / (x + K). The polynomial in t is
well conditioned: the sum of the absolute coefficients is below 2. K was chosen among multiples of 1/512 so that
rounding the lowest coefficients changes them least.
"""

from mpmath import cos, erfc, exp, frexp, ldexp, matrix, lu_solve, mp, mpf, nint, pi, sqrt

mp.dps = 60


def rounded(value, bits):
    m, e = frexp(value)
    return ldexp(nint(ldexp(m, bits)), e - bits)


def scaled_tail(t, centre):
    x = centre * (1 + t) / (1 - t)
    return (x + centre) * exp(x * x / 2) * erfc(x / sqrt(2)) / 2


def coefficients(centre, largest, degree):
    """Lowest power first, and the end of the interval of t, which begins at −1."""
    end = (largest - centre) / (largest + centre)
    nodes = [(end - 1 + (end + 1) * cos(pi * (2 * k + 1) / (2 * degree + 2))) / 2 for k in range(degree + 1)]
    powers = matrix([[node**j for j in range(degree + 1)] for node in nodes])
    return list(lu_solve(powers, matrix([scaled_tail(node, centre) for node in nodes]))), end


for bits, centre, largest, degree in ((53, "3.8046875", "38.7", 23), (24, "3.205078125", "14.6", 10)):
    centre, largest = mpf(centre), mpf(largest)
    polynomial, end = coefficients(centre, largest, degree)
    polynomial = [rounded(value, bits) for value in polynomial]
    errors = []
    for k in range(2001):
        t = (end - 1 + (end + 1) * cos(pi * k / 2000)) / 2
        errors.append(abs(mp.polyval(polynomial[::-1], t) / scaled_tail(t, centre) - 1))
    print(f"{bits} bits, largest error {mp.nstr(max(errors), 2)}:")
    for value in reversed(polynomial):
        print(f"    {mp.nstr(value, 17 if bits == 53 else 9)}")
