// What moves things on the page waits until a press is over, or they would slip from under the pointer.

export function calm(form) {
  let isPressed = false;
  let waiting = null;

  form.addEventListener("pointerdown", () => { isPressed = true; });
  for (const name of ["pointerup", "pointercancel"]) {
    window.addEventListener(name, () => setTimeout(() => {
      isPressed = false;
      waiting?.();
      waiting = null;
    }, 0));
  }
  return (move) => {
    if (isPressed) waiting = move;
    else move();
  };
}
