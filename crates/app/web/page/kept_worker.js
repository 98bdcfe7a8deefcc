// Keeps the app's worker where a site tidies away whatever worker an older version of itself may have left, as many
// generators make them: each visit would be a first one. A person ends it at `/.crowd/manage`, which has no such thing.

/** From now on a page of this window does not unregister the app's worker by its usual call. */
export function keepWorker() {
  const { prototype } = ServiceWorkerRegistration;
  const unregister = prototype.unregister;
  prototype.unregister = async function () {
    const { active, waiting, installing } = this;
    const isOurs = (active ?? waiting ?? installing)?.scriptURL.endsWith("/.crowd/worker.js");
    return isOurs ? false : unregister.call(this);
  };
}
