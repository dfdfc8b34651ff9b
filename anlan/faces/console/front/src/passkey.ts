// Passkeys: django-allauth's own script asks the browser; what went wrong is said here, in words.
import { $ } from "./page";
import { t } from "./words";

interface Fault { exception?: unknown }

/** The browser tells a person who pressed 取消, and one whose machine has no such key, alike. */
function said(fault: unknown): string {
  if (!("PublicKeyCredential" in window)) return t("这个浏览器不支持通行密钥，请用验证码");
  const name = fault instanceof DOMException ? fault.name : "";
  if (name === "InvalidStateError") return t("这把通行密钥已经添加过了");
  if (name === "NotAllowedError") return t("没有完成：取消了、超时了，或这台机器上没有这个账号的通行密钥");
  return t("通行密钥没有用成，请再试一次，或用验证码");
}

export function hearPasskeys(): void {
  document.addEventListener("allauth.error", (event) => {
    const place = $("#passkey-fault");
    if (!place) return;
    event.preventDefault();
    place.textContent = said((event as CustomEvent<Fault>).detail?.exception);
    place.hidden = false;
  });
}
