// The media type of a file that is published from the browser, from its name: the same as the `crowd` command gives
// for the kinds of files that sites are made of.

/** Type → the endings that have it. */
const TYPE_ENDINGS = {
  "text/html": "html htm",
  "text/css": "css",
  "text/javascript": "js mjs",
  "text/plain": "txt map log conf cfg ini c h cpp py",
  "text/markdown": "md",
  "text/csv": "csv",
  "text/tab-separated-values": "tsv",
  "text/xml": "xml xsl xslt xsd dtd",
  "text/vtt": "vtt",
  "text/calendar": "ics",
  "text/x-yaml": "yaml yml",
  "text/x-toml": "toml",
  "text/x-scss": "scss",
  "text/less": "less",
  "text/x-rust": "rs",
  "text/x-vcard": "vcf",
  "application/json": "json",
  "application/json5": "json5",
  "application/ld+json": "jsonld",
  "application/geo+json": "geojson",
  "application/manifest+json": "webmanifest",
  "application/rss+xml": "rss",
  "application/atom+xml": "atom",
  "application/xhtml+xml": "xhtml",
  "application/gpx+xml": "gpx",
  "application/vnd.google-earth.kml+xml": "kml",
  "application/dash+xml": "mpd",
  "application/wasm": "wasm",
  "application/pdf": "pdf",
  "application/zip": "zip",
  "application/gzip": "gz",
  "application/x-tar": "tar",
  "application/x-7z-compressed": "7z",
  "application/epub+zip": "epub",
  "application/rtf": "rtf",
  "application/vnd.ms-fontobject": "eot",
  "application/font-sfnt": "otf",
  "application/font-woff": "woff",
  "font/woff2": "woff2",
  "font/ttf": "ttf",
  "font/collection": "ttc",
  "image/svg+xml": "svg svgz",
  "image/png": "png",
  "image/apng": "apng",
  "image/jpeg": "jpg jpeg",
  "image/gif": "gif",
  "image/webp": "webp",
  "image/avif": "avif",
  "image/jxl": "jxl",
  "image/heic": "heic",
  "image/bmp": "bmp",
  "image/tiff": "tif tiff",
  "image/x-icon": "ico",
  "audio/mpeg": "mp3",
  "audio/ogg": "ogg oga opus",
  "audio/wav": "wav",
  "audio/flac": "flac",
  "audio/aac": "aac",
  "audio/m4a": "m4a",
  "audio/webm": "weba",
  "audio/x-mpegurl": "m3u8",
  "video/mp4": "mp4",
  "video/webm": "webm",
  "video/ogg": "ogv",
  "video/mpeg": "mpeg mpg",
  "video/quicktime": "mov",
  "video/x-m4v": "m4v",
  "video/x-matroska": "mkv",
  "video/x-msvideo": "avi",
  "model/gltf-binary": "glb",
  "model/gltf+json": "gltf",
};

const TYPE_OF_ENDING = new Map(
  Object.entries(TYPE_ENDINGS).flatMap(([type, endings]) =>
    endings.split(" ").map((ending) => [ending, type]),
  ),
);

/**
 * The media type of the file at `path`, with `; charset=utf-8` where it is text. Text that isn't UTF-8 goes without one,
 * so that what a page says of itself counts.
 * @param {string} path
 * @param {boolean} [utf8]
 */
export function mediaType(path, utf8 = true) {
  const type = TYPE_OF_ENDING.get(endingOfPath(path)) ?? "application/octet-stream";
  return utf8 && isTextMediaType(type) ? `${type}; charset=utf-8` : type;
}

/**
 * True for the files that the page can show and change as text.
 * @param {string} path
 */
export function isTextFile(path) {
  return isTextMediaType(TYPE_OF_ENDING.get(endingOfPath(path)) ?? "");
}

/** @param {string} type */
function isTextMediaType(type) {
  return (
    type.startsWith("text/") || type.endsWith("+xml") || type.endsWith("+json") || type === "application/json"
  );
}

/**
 * What follows the last dot of a file's name; none where the dot comes first, as in `.nojekyll`.
 * @param {string} path
 */
function endingOfPath(path) {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const dot = name.lastIndexOf(".");
  return dot > 0 ? name.slice(dot + 1).toLowerCase() : "";
}
