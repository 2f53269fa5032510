// Which part of a line to look at, while somebody writes it out on a narrow screen. Pure.

// About so many letters stand on a length of the line’s own height: counted on wills of 1914, whose lines are drawn wide.
const LETTERS_A_HEIGHT = 5.5;

// The part of a line, in pixels of the scan, round the place that somebody has got to after so many letters.
// aspect: width by height of what fits on the stage.
export function partOf(box, letters, aspect) {
  const width = Math.min(box.width, box.height * Math.max(3, aspect * 1.6));
  const reached = letters * (box.height / LETTERS_A_HEIGHT);
  const x = Math.min(Math.max(box.x, box.x + reached - width * 0.35), box.x + box.width - width);
  return { x: Math.round(x), y: box.y, width: Math.round(width), height: box.height };
}
