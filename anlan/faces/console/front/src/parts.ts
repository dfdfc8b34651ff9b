// Library parts for the pages that need them: choosing several of many. Words in the page's language;
// icons are files of ours, for the content policy lets nothing be fetched from a data: address.
import "@awesome.me/webawesome/dist/styles/themes/default.css";
import "./css/library.css";
import "@awesome.me/webawesome/dist/translations/zh-cn.js";
import { registerIconLibrary } from "@awesome.me/webawesome/dist/components/icon/library.js";
import "@awesome.me/webawesome/dist/components/option/option.js";
import "@awesome.me/webawesome/dist/components/select/select.js";
import check from "./icons/check.svg?url";
import chevronDown from "./icons/chevron-down.svg?url";
import circleXmark from "./icons/circle-xmark.svg?url";
import xmark from "./icons/xmark.svg?url";

const ICONS: Record<string, string> = { check, "chevron-down": chevronDown, "circle-xmark": circleXmark, xmark };
for (const library of ["system", "default"]) registerIconLibrary(library, { resolver: (name) => ICONS[name] ?? xmark });
