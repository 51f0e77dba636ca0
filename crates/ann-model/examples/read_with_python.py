"""Computes the probe in a model of ann with numpy alone: python read_with_python.py model.ann"""
import json, sys
import numpy as np
from safetensors import safe_open

file = safe_open(sys.argv[1], "numpy")
model, used = json.loads(file.metadata()["ann.model"]), {}

def take(name, count=1):  # the numbers of all columns follow each other
    used[name] = used.get(name, 0) + count
    return file.get_tensor("columns." + name)[used[name] - count : used[name]]

def number(x, text):  # scaled, softly clipped, and whether it is missing
    filled = np.where(np.isnan(x), take("fill"), x)
    z = (filled - take("center")) / take("scale")
    z = z / np.sqrt(1 + (z / take("squash")) ** 2) if text["squash"] else z
    return filled, [z] + [np.isnan(x) * 1.0] * text["flag"]

def part_of_date(x, part):  # x in seconds since 1970
    day = np.nan_to_num(x // 86400).astype("datetime64[D]")
    month = day.astype("datetime64[M]")
    numbers = {"elapsed": x / 86400, "month": month.astype(int) % 12 + 1, "day": (day - month).astype(int) + 1,
               "weekday": (day.astype(int) + 3) % 7 + 1, "hour": x % 86400 / 3600}
    return np.where(np.isnan(x), np.nan, numbers[part])

plain, pieces = [], []
for column, x in zip(model["columns"], file.get_tensor("probe.numbers").T):
    if column["kind"] == "category":
        words = [(x == k) * 1.0 for k in range(len(column["categories"]))]
        plain += [words[1] - words[0]] if len(words) == 2 and not column["other"] else words
        plain += [(x == len(words)) * 1.0] * column["other"] + [(x < 0) * 1.0] * column["missing"]
    elif column["kind"] == "date":
        for part in column["parts"]:
            plain += number(part_of_date(x, part["part"]), part)[1]
    else:
        filled, inputs = number(x, column)
        plain += inputs
        if count := column["pieces"]:
            edges, means = take("edges", count + 1), take("means", count)
            steps = np.clip((filled[:, None] - edges[:-1]) / np.diff(edges), 0, 1)
            pieces += list(((steps - means) / take("piece_scale")).T)

sigma = lambda z: 1 / (1 + np.exp(-z))
activations = {"identity": lambda z: z, "tanh": np.tanh, "sigmoid": sigma, "silu": lambda z: z * sigma(z)}
for member, expected in enumerate(file.get_tensor("probe.outputs"), 1):
    layer = lambda k, name: file.get_tensor(f"members.{member}.layers.{k}.{name}").astype(float)
    a = np.array(plain + pieces).T[:, : layer(1, "weight").shape[1]]
    for k, text in enumerate(model["layers"], 1):
        a = activations[text["activation"]](a @ layer(k, "weight").T + layer(k, "bias"))
    print(f"network {member}: outputs up to {abs(expected).max():.2f}, largest difference {abs(a - expected).max():.0e}")
