// Compares what onnxruntime-web computes with what the models of ann predict: compare.py says how.
//
//     node compare.mjs FOLDER

import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as ort from "onnxruntime-web";

const SINGLE = 1e-6;
const BARS = { mixed: SINGLE, f32: SINGLE, f64: 1e-13 };
const TIE = 1e-6;
const TOTAL = 10_000;

const folder = process.argv[2];
const worst = {}, counts = {}, failures = [], tables = {};
for (const test of JSON.parse(readFileSync(join(folder, "cases.json")))) {
    const columns = (tables[test.rows] ??= JSON.parse(readFileSync(join(folder, test.rows))));
    const bytes = readFileSync(join(folder, test.expected));
    const expected = new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
    for (const graph of test.graphs) {
        const isExact = graph.precision !== "f64" || test.is_double;
        const kind = isExact ? graph.precision : "f64 of a model in f32";
        let difference;
        try {
            difference = await compare(graph, test, columns, expected);
        } catch (error) {
            failures.push(`${graph.file}: ${error.message ?? error}`);
            continue;
        }
        worst[kind] = Math.max(worst[kind] ?? 0, difference);
        counts[kind] = (counts[kind] ?? 0) + 1;
        if (!(difference <= (BARS[kind] ?? SINGLE))) failures.push(`${graph.file}: the largest difference is ${difference}`);
    }
}
for (const [kind, difference] of Object.entries(worst)) {
    const version = `onnxruntime-web ${ort.env.versions.web}`;
    console.log(`${version}, ${kind}: ${counts[kind]} graphs, largest difference ${difference.toExponential(1)}`);
}
if (failures.length > 0 || counts.mixed === undefined) {
    console.error([...failures.slice(0, 20), `${failures.length} graphs failed in onnxruntime-web`].join("\n"));
    process.exitCode = 1;
}

async function compare(graph, test, columns, expected) {
    const session = await ort.InferenceSession.create(join(folder, graph.file));
    const outputs = await session.run(inputs(graph, columns));
    const found = (outputs.probabilities ?? outputs.prediction).data;
    if (found.length !== expected.length) throw new Error(`found ${found.length} numbers, expected ${expected.length}`);
    const width = expected.length / TOTAL;
    const difference = expected.reduce((largest, number, place) => {
        const scale = test.scales[place % width] ?? 1;
        // The comparison lets NaN through.
        const difference = Math.abs(found[place] - number) / scale;
        return difference <= largest ? largest : difference;
    }, 0);
    await session.release();
    const wrong = test.classes.length > 0 ? wrongLabels(test.classes, outputs.label.data, expected) : 0;
    if (wrong > 0) throw new Error(`${wrong} labels are wrong`);
    return difference;
}

// The number of rows with another label, where the two largest probabilities are apart.
function wrongLabels(classes, labels, expected) {
    return labels.filter((label, row) => {
        const probabilities = [...expected.slice(row * classes.length, (row + 1) * classes.length)];
        const [largest, second] = probabilities.toSorted((a, b) => b - a);
        return largest - second > TIE && label !== classes[probabilities.indexOf(largest)];
    }).length;
}

function inputs(graph, columns) {
    const tensors = Object.fromEntries(columns.map((column) => [column.name, tensor(column, graph.precision)]));
    if (!graph.is_matrix) return tensors;
    const parts = Object.values(tensors), width = parts.length;
    const numbers = numbersOf(graph.precision, Array.from({ length: TOTAL * width }, (_, place) => parts[place % width].data[Math.floor(place / width)]));
    return { inputs: new ort.Tensor(numbers, [TOTAL, width]) };
}

function tensor(column, precision) {
    if (column.kind === "word") return new ort.Tensor("string", column.cells.map((cell, row) => cell ?? ["", "?"][row % 2]), [TOTAL, 1]);
    return new ort.Tensor(numbersOf(precision, column.cells.map((cell) => cell ?? NaN)), [TOTAL, 1]);
}

function numbersOf(precision, numbers) {
    return precision === "f32" ? Float32Array.from(numbers) : Float64Array.from(numbers);
}
