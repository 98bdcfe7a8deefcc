/** The id of this build of the app: the build script puts a string in its place. */
declare const __BUILD__: string;
