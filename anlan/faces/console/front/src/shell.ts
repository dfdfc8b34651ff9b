// Every page of the console loads this: styles, live, sound, keys, palette, forms.
import "./css/tokens.css";
import "./css/base.css";
import "./css/parts.css";
import "./css/pages.css";
import "./css/print.css";
import { startClock } from "./clock";
import { markHere, startForms } from "./forms";
import { startKeys } from "./keys";
import { startLive } from "./live";
import { startPalette } from "./palette";
import { teachMorph } from "./redraw";
import { startSound } from "./sound";
import { startTheme } from "./theme";
import { startUpload } from "./upload";
import { showHere } from "./walk";

teachMorph();
markHere();
startTheme();
startClock();
startUpload();
startForms();
startKeys();
showHere();
startPalette();
startSound();
startLive();
document.documentElement.dataset.ready = "1";
