// Library parts for the pages that need them: choosing several of many. Words in the page's language.
import "@awesome.me/webawesome/dist/styles/themes/default.css";
import "./css/library.css";
import "@awesome.me/webawesome/dist/translations/zh-cn.js";
import "@awesome.me/webawesome/dist/components/option/option.js";
import "@awesome.me/webawesome/dist/components/select/select.js";
