// Principal components, by Jacobi's rotations: slower than what libraries do, short, and never without a result.

const SWEEPS = 12;
const NEGLIGIBLE = 1e-10; // of the trace

/**
 * The strongest components of a covariance (C x C, row by row).
 * @returns {vectors: Float32Array (C x count, row by row), count}, fewer than wanted where C is smaller.
 */
export function principalComponents(covariance, channels, wanted) {
  const row = (i) => Float64Array.from(covariance.subarray(i * channels, (i + 1) * channels));
  const rows = Array.from({length: channels}, (_, i) => row(i));
  const vectors = rows.map((_, i) => Float64Array.from({length: channels}, (_, j) => Number(i === j))); // one a row
  const trace = rows.reduce((sum, row, i) => sum + row[i], 0);
  for (let sweep = 0; sweep < SWEEPS; sweep++) if (!sweepOnce(rows, vectors, NEGLIGIBLE * trace)) break;
  const count = Math.min(wanted, channels);
  const order = rows.map((_, i) => i).sort((a, b) => rows[b][b] - rows[a][a]).slice(0, count);
  const strongest = new Float32Array(channels * count);
  for (let i = 0; i < channels; i++) order.forEach((k, j) => { strongest[i * count + j] = vectors[k][i]; });
  return {vectors: strongest, count};
}

/** Turns every pair of axes until they are uncorrelated; whether there was anything to turn. */
function sweepOnce(rows, vectors, negligible) {
  let turned = false;
  for (let p = 0; p < rows.length; p++) {
    for (let q = p + 1; q < rows.length; q++) {
      if (Math.abs(rows[p][q]) <= negligible) continue;
      turned = true;
      const angle = Math.atan2(2 * rows[p][q], rows[q][q] - rows[p][p]) / 2;
      const [cosine, sine] = [Math.cos(angle), Math.sin(angle)];
      rotate(rows[p], rows[q], cosine, sine);
      for (const row of rows) [row[p], row[q]] = [cosine * row[p] - sine * row[q], sine * row[p] + cosine * row[q]];
      rotate(vectors[p], vectors[q], cosine, sine);
    }
  }
  return turned;
}

function rotate(first, second, cosine, sine) {
  for (let i = 0; i < first.length; i++) {
    const [a, b] = [first[i], second[i]];
    first[i] = cosine * a - sine * b;
    second[i] = sine * a + cosine * b;
  }
}
