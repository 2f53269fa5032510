// The scan in tiles, through OpenSeadragon and the project's own IIIF service. It only draws: where the scan stands is
// said by the viewer, whose view has the meaning that geometry.js tells of. Until the first tiles are here, or when the
// library does not come, the picture of the piece stays, and all else works.

const OPTIONS = {
  mouseNavEnabled: false, showNavigationControl: false, showNavigator: false, autoResize: false, tabIndex: -1,
  animationTime: 0, blendTime: 0, immediateRender: true, visibilityRatio: 0, minZoomImageRatio: 0,
  minZoomLevel: 1e-6, maxZoomPixelRatio: Infinity, drawer: "canvas", crossOriginPolicy: false, imageLoaderLimit: 6,
  maxImageCacheCount: 120, tileRetryMax: 2, tileRetryDelay: 2500,
};

// The library and its tiles are for a closer look: the page and the picture of the piece come first, whatever they take.
const LATEST_MS = 3000;
function afterAllElse() {
  const loaded = new Promise((resolve) => {
    if (document.readyState === "complete") resolve();
    else window.addEventListener("load", resolve, { once: true });
    setTimeout(resolve, LATEST_MS);
  });
  const idle = window.requestIdleCallback ?? ((tell) => setTimeout(tell, 100)); // Safari has none.
  return loaded.then(() => new Promise((resolve) => idle(resolve, { timeout: LATEST_MS })));
}

function load(address) {
  if (window.OpenSeadragon) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    Object.assign(script, { src: address, onload: resolve, onerror: reject });
    document.head.append(script);
  });
}

// `element` has data-service and data-library; `onShown` is called once the view is drawn in full, `onFailed` for each
// tile that did not come.
export function start(element, scan, { onShown, onFailed }) {
  let viewer = null;
  let last = null;
  let [come, missing] = [0, 0];

  const source = {
    "@context": "http://iiif.io/api/image/3/context.json", id: element.dataset.service, type: "ImageService3",
    protocol: "http://iiif.io/api/image", profile: "level2", width: scan.width, height: scan.height,
    tiles: [{ width: 512, height: 512, scaleFactors: factors(scan) }],
  };

  function place() {
    if (!viewer?.world.getItemCount() || !last) return;
    const [{ view, stage }, { Point }] = [last, window.OpenSeadragon];
    const { viewport } = viewer;
    const size = viewport.getContainerSize();
    if (size.x !== stage.width || size.y !== stage.height) viewport.resize(new Point(stage.width, stage.height), false);
    viewport.setRotation(view.turn, true);
    viewport.zoomTo((scan.width * view.scale) / stage.width, null, true);
    viewport.panTo(new Point(view.x / scan.width, view.y / scan.width), true);
  }

  // Tiles that failed are not waited for: then "fully loaded" may be an empty stage.
  function watch(image) {
    const look = () => image.getFullyLoaded() && come && !missing && requestAnimationFrame(onShown);
    image.addHandler("fully-loaded-change", look);
    look();
  }

  function open() {
    if (viewer) return; // The network came back before it was its turn.
    viewer = window.OpenSeadragon({ ...OPTIONS, element, tileSources: [source] });
    viewer.addHandler("open", () => {
      place();
      watch(viewer.world.getItemAt(0));
    });
    viewer.addHandler("tile-loaded", () => { come += 1; });
    viewer.addHandler("tile-load-failed", () => {
      missing += 1;
      onFailed();
    });
    viewer.addHandler("open-failed", onFailed);
  }

  const begin = () => load(element.dataset.library).then(open, () => {});
  afterAllElse().then(begin);

  // What did not come while there was no network is asked for again when there is one: by a new image, because the old
  // one believes for ever that a tile that failed is not there. A scan of which nothing is missing is left alone.
  function again() {
    if (!viewer) return void begin();
    if (!missing) return;
    missing = 0;
    viewer.addTiledImage({ tileSource: source, index: 0, replace: true, success({ item }) {
      place();
      watch(item);
    } });
  }
  window.addEventListener("online", again);

  return {
    place(view, stage) {
      last = { view, stage };
      place();
    },
    again,
  };
}

// 1, 2, 4, … until all of the scan fits into one tile.
export function factors({ width, height }, tile = 512) {
  const found = [1];
  while (Math.ceil(Math.max(width, height) / found.at(-1)) > tile) found.push(2 * found.at(-1));
  return found;
}
