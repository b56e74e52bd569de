import { app, session, type IpcMainEvent, type IpcMainInvokeEvent } from 'electron';
import { APP_ORIGIN } from '../../core/protocol/shell.ts';

/** Whether an address is the app's own page. */
function isOwnPage(address: string): boolean {
  return address === APP_ORIGIN || address.startsWith(`${APP_ORIGIN}/`);
}

/** Whether a message comes from the app's own page, in the main frame of a window. */
export function isOwnSender(event: IpcMainEvent | IpcMainInvokeEvent): boolean {
  const { senderFrame, sender } = event;
  return senderFrame !== null && senderFrame === sender.mainFrame && isOwnPage(senderFrame.url);
}

/** Every page, now and later: it goes nowhere, opens nothing and is permitted nothing. */
export function guardPages(): void {
  app.on('web-contents-created', (_event, contents) => {
    contents.on('will-navigate', (event, address) => {
      if (!isOwnPage(address)) event.preventDefault();
    });
    contents.on('will-redirect', (event) => event.preventDefault());
    contents.on('will-attach-webview', (event) => event.preventDefault());
    contents.setWindowOpenHandler(() => ({ action: 'deny' }));
  });
}

/** No camera, no notification, no device: what the app needs goes through the engine. */
export function denyPermissions(): void {
  const own = session.defaultSession;
  own.setPermissionRequestHandler((_contents, _permission, decide) => decide(false));
  own.setPermissionCheckHandler(() => false);
  own.setDevicePermissionHandler(() => false);
  // Nothing is fetched from anywhere.
  own.webRequest.onBeforeRequest((details, decide) =>
    decide({ cancel: !/^(faultline-app|devtools|blob|data):/.test(details.url) }),
  );
}
