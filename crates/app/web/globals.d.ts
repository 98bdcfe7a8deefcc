/** The id of this build of the app: the build script puts a string in its place. */
declare const __BUILD__: string;
/** The app's files that the worker keeps, and the SHA-256 of each in hex: the build script puts an object in its place. */
declare const __SHELL__: Readonly<Record<string, string>>;
