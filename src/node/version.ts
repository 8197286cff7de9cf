/** Kept equal to package.json's by a test. */
export const ferryVersion = '0.1.0'
