// Many numbers in little memory: four bytes each.

/** Whole numbers of 32 bits by their places, which may be any; 0 where none was set. */
export class Numbers {
  #values = new Int32Array()

  get(place: number): number {
    return this.#values[place] ?? 0
  }

  set(place: number, value: number): void {
    if (place >= this.#values.length) {
      const more = new Int32Array(Math.max(16, 2 * place))
      more.set(this.#values)
      this.#values = more
    }
    this.#values[place] = value
  }
}
