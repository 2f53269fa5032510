// Which files go together: few enough that a lost connection costs little, and never more bytes than one request may
// have. The manifest first, because it describes the others; layouts last, because they belong to pictures.
export const MOST_FILES = 20;
export const MOST_BYTES = 40_000_000;
const MARGIN = 100_000; // What a form adds to its files.

export function isTooLarge(file, most) {
  return file.size + MARGIN > most;
}

export function inOrder(files) {
  const rank = (file) => {
    if (/^manifeste?\.csv$/i.test(file.name)) return 0;
    return /\.xml$/i.test(file.name) ? 2 : 1;
  };
  return [...files].sort((one, other) => rank(one) - rank(other));
}

export function batchesOf(files, most) {
  const bound = Math.min(MOST_BYTES, most - MARGIN);
  const batches = [];
  let bytes = 0;
  for (const file of inOrder(files)) {
    const last = batches.at(-1);
    if (last && last.files.length < MOST_FILES && bytes + file.size <= bound) {
      last.files.push(file);
      bytes += file.size;
    } else {
      batches.push({ number: batches.length, files: [file] });
      bytes = file.size;
    }
  }
  return batches;
}
