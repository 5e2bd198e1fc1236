// The page as a program of its own: kept for when there is no net, and installed where the browser offers that.

/** Has the service worker keep the whole page; `say` is told when it has. */
export async function keepOffline(say) {
  if (!navigator.serviceWorker) return;
  try {
    await navigator.serviceWorker.register('sw.js', {updateViaCache: 'none'});
    await navigator.serviceWorker.ready;
    say('Works without a network from now on.');
  } catch (error) {
    console.warn('The page cannot be kept for later', error); // a private window, or no room: it works all the same
  }
}

/** Shows a button once the browser would install the page. */
export function offerInstall(button) {
  let offer = null;
  addEventListener('beforeinstallprompt', (event) => {
    event.preventDefault();
    offer = event;
    button.hidden = false;
  });
  button.addEventListener('click', () => {
    offer?.prompt();
    button.hidden = true;
  });
}
