"""Writes normal_cdf.txt beside this file: numbers x and Φ(x), with mpmath (pip install mpmath).

Each line is x as the hexadecimal bits of an f64, and Φ(x) = m · 2^e as m in hexadecimal and e. m has 96 bits.
"""

import random
import struct
from pathlib import Path

from mpmath import erfc, floor, frexp, ldexp, mp, mpf, sqrt

mp.prec = 300
random.seed(0)


def points():
    # Where Φ is neither 0 nor 1, densely where most numbers are, and around 0.
    yield from (random.uniform(-38.6, 9) for _ in range(150))
    yield from (random.uniform(-6, 6) for _ in range(300))
    yield from (sign * random.uniform(1, 2) * 2.0**e for e in range(-60, 3) for sign in (-1, 1))
    # Where another power of two is taken for e^(−x²/2): x² / 2 = (k + ½) ln 2.
    yield from (-float(sqrt((2 * k + 1) * mp.log(2))) for k in range(0, 1074, 12))
    yield from (0.0, -37.6, -38.0, -38.4, -38.56)


def line(x):
    m, e = frexp(erfc(-mpf(x) / sqrt(2)) / 2)
    return f"{struct.pack('>d', x).hex()} {int(floor(ldexp(m, 96))):x} {e - 96}\n"


Path(__file__).with_suffix(".txt").write_text("".join(map(line, points())))
