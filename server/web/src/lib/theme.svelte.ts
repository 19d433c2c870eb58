// Light, dark, or as the system is.

const KEPT_AS = 'tacit.theme';
export type Choice = 'system' | 'light' | 'dark';

class Theme {
  choice = $state<Choice>((localStorage.getItem(KEPT_AS) as Choice | null) ?? 'system');
  #system = $state(matchMedia('(prefers-color-scheme: dark)').matches);

  constructor() {
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', (e) => {
      this.#system = e.matches;
      this.#show();
    });
    this.#show();
  }

  dark = $derived(this.choice === 'dark' || (this.choice === 'system' && this.#system));

  choose(choice: Choice): void {
    this.choice = choice;
    localStorage.setItem(KEPT_AS, choice);
    this.#show();
  }

  #show(): void {
    document.documentElement.dataset.theme = this.dark ? 'dark' : 'light';
  }
}

export const theme = new Theme();
