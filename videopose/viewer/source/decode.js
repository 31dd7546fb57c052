// The packed arrays of the page, back as typed arrays: the reverse of packing.py.

export const MISSING = -32768;
const KINDS = { uint8: Uint8Array, int16: Int16Array, int32: Int32Array, float64: Float64Array };

function bytesOf(text) {
  const clean = text.trim();
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(clean);
  const binary = atob(clean);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

/** The bytes in a script element, which is emptied: its text would only take memory. */
export function embeddedBytes(id) {
  const element = document.getElementById(id);
  const bytes = bytesOf(element.textContent);
  element.textContent = "";
  return bytes;
}

async function inflated(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function unpacked(table, all) {
  const Kind = KINDS[table.type];
  const count = table.shape.reduce((product, size) => product * size, 1);
  const width = Kind.BYTES_PER_ELEMENT;
  const planes = all.subarray(table.offset, table.offset + count * width);
  const joined = new Uint8Array(count * width);
  for (let plane = 0; plane < width; plane++) {
    const from = plane * count;
    for (let i = 0; i < count; i++) joined[i * width + plane] = planes[from + i];
  }
  const packed = new Kind(joined.buffer);
  if (table.type === "float64") return { data: packed, step: 1, columns: 1 };
  const rows = table.shape[0];
  const columns = rows ? count / rows : 0;
  const data = new Kind(count);
  const signed = table.type !== "uint8";
  for (let column = 0; column < columns; column++) {
    let value = 0;
    for (let row = 0; row < rows; row++) {
      const code = packed[column * rows + row];
      const mask = width === 2 ? 0xffff : 0xffffffff;
      value += signed ? ((code & mask) >>> 1) ^ -(code & 1) : code;
      data[row * columns + column] = value;
      value = data[row * columns + column]; // wraps around as the numbers of that kind do
    }
  }
  return { data, step: table.step, columns };
}

/** The description, with its arrays in place: `{data, step, columns}`, row after row. */
export async function readRecording() {
  const described = JSON.parse(document.getElementById("description").textContent);
  const all = await inflated(embeddedBytes("arrays"));
  described.times = unpacked(described.time, all).data;
  for (const person of described.people) {
    for (const [name, table] of Object.entries(person.arrays)) person[name] = unpacked(table, all);
  }
  return described;
}

/** One number of an array; NaN where it is missing. */
export function valueAt(array, row, column) {
  const whole = array.data[row * array.columns + column];
  return whole === MISSING ? NaN : whole * array.step;
}

/** Writes a joint's place in metres into `out` at `offset`; false where it is unknown. */
export function placeInto(person, row, joint, out, offset) {
  const { data, step, columns } = person.joints;
  const from = row * columns + joint * 3;
  if (data[from] === MISSING) return false;
  const root = person.root.data;
  for (let axis = 0; axis < 3; axis++) out[offset + axis] = (root[row * 3 + axis] + data[from + axis]) * step;
  return true;
}
