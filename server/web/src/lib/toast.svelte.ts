// What was just done, said once.

class Toast {
  text = $state('');
  bad = $state(false);
  #timer = 0;

  say(text: string, bad = false): void {
    this.text = text;
    this.bad = bad;
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => (this.text = ''), bad ? 12_000 : 5000);
  }
}

export const toast = new Toast();
