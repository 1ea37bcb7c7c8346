/** The formats that are imported, by the names that a user gives them. */
export const IMPORT_FORMATS = ['mininet', 'gml', 'graphml', 'node-link', 'containerlab'] as const;

export type ImportFormat = (typeof IMPORT_FORMATS)[number];
