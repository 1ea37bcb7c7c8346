/** What others know of a kind of data plane without starting one. */
export interface DataPlaneRow {
  /** Removes what a lab left outside of its folder: what this driver noted there, if anything. */
  removeRemains(folder: string): void;
}
