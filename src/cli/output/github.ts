/**
 * A workflow command of GitHub Actions that shows an error (docs.github.com, "Workflow commands"), in one line; nothing in
 * its texts can make another of it.
 * @param properties such as file, line, col and title
 */
export function annotation(properties: Readonly<Record<string, string>>, message: string): string {
  const listed = Object.entries(properties).map(([key, value]) => `${key}=${escaped(value, /[%\r\n:,]/g)}`);
  return `::error ${listed.join(',')}::${escaped(message, /[%\r\n]/g)}`;
}

function escaped(text: string, characters: RegExp): string {
  return text.replaceAll(
    characters,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}
