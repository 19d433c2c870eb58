// Names of devices and pseudonyms of subjects by id, asked for as they come up on a page.

import { SvelteMap } from 'svelte/reactivity';
import { get } from './api';
import { short } from './words';
import type { Device, Subject } from './types';

class Directory {
  #devices = new SvelteMap<string, Device>();
  #subjects = new SvelteMap<string, Subject>();
  #asked = new Set<string>();

  /** Reads the first of both, so that an ordinary page asks for none singly. */
  async open(): Promise<void> {
    this.#asked.clear();
    const [devices, subjects] = await Promise.allSettled([
      get<{ devices: Device[] }>('/v1/devices?limit=1000'),
      get<{ subjects: Subject[] }>('/v1/subjects?limit=1000'),
    ]);
    if (devices.status === 'fulfilled') for (const of of devices.value.devices) this.#devices.set(of.id, of);
    if (subjects.status === 'fulfilled') for (const of of subjects.value.subjects) this.#subjects.set(of.id, of);
  }

  close(): void {
    this.#devices.clear();
    this.#subjects.clear();
    this.#asked.clear();
  }

  device(id: string): string {
    return this.name(id) ?? short(id);
  }

  /** A device's name, if it has one and it is known yet. */
  name(id: string): string | null {
    const known = this.#devices.get(id);
    if (!known) this.#ask(id, () => get<Device>(`/v1/devices/${id}`).then((of) => void this.#devices.set(id, of)));
    return known?.name || null;
  }

  subject(id: string): string {
    return short(this.pseudonym(id));
  }

  pseudonym(id: string): string {
    const known = this.#subjects.get(id);
    if (!known) this.#ask(id, () => get<Subject>(`/v1/subjects/${id}`).then((of) => void this.#subjects.set(id, of)));
    return known?.pseudonym ?? id;
  }

  #ask(id: string, ask: () => Promise<void>): void {
    if (this.#asked.has(id)) return;
    this.#asked.add(id);
    ask().catch(() => {
      // An id stands for itself; it is asked for again after a while.
      setTimeout(() => this.#asked.delete(id), 10_000);
    });
  }
}

export const directory = new Directory();
