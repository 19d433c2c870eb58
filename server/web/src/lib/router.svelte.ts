// The address after `#` is the view: it can be linked to from a ticket, and the server need not know of it.

class Router {
  #hash = $state(location.hash);

  constructor() {
    addEventListener('hashchange', () => {
      this.#hash = location.hash;
    });
  }

  /** Path without parameters, such as `/alerts`. */
  path = $derived(this.#hash.replace(/^#/, '').split('?')[0] || '/now');
  /** Its parts, such as `['alerts', ID]`. */
  parts = $derived(this.path.split('/').filter(Boolean).map(decodeURIComponent));
  params = $derived(new URLSearchParams(this.#hash.split('?')[1] ?? ''));

  go(path: string): void {
    location.hash = path;
  }

  /** Changes a parameter without a new place in the history. */
  set(name: string, value: string | null): void {
    const params = new URLSearchParams(this.params);
    if (value) params.set(name, value);
    else params.delete(name);
    const text = params.toString();
    history.replaceState(null, '', `#${this.path}${text ? `?${text}` : ''}`);
    this.#hash = location.hash;
  }
}

export const router = new Router();
