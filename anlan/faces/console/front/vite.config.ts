// Entries apart, so that a page without map, library parts, wall or places loads none of them. Names carry a hash of
// their content; manifest.json tells the templates which file is which.
import { readdirSync, readFileSync } from "node:fs";
import { defineConfig, type Plugin } from "vite";

const WORD = /\b(?:t|tn)\(\s*"((?:[^"\\]|\\.)+)"/g;

/** Every word that the scripts say, so that the server can send its translation. */
function words(): Plugin {
  return {
    name: "words",
    generateBundle() {
      const found = new Set<string>();
      for (const name of readdirSync("src", { recursive: true, encoding: "utf8" }))
        if (name.endsWith(".ts"))
          for (const match of readFileSync(`src/${name}`, "utf8").matchAll(WORD)) found.add(JSON.parse(`"${match[1]}"`));
      this.emitFile({ type: "asset", fileName: "words.json", source: JSON.stringify([...found].sort()) });
    },
  };
}

export default defineConfig({
  base: "/static/console/",
  plugins: [words()],
  build: {
    target: "es2022",
    manifest: "manifest.json",
    modulePreload: false,
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1200,
    reportCompressedSize: false,
    rollupOptions: {
      input: { shell: "src/shell.ts", map: "src/map/page.ts", parts: "src/parts.ts", wall: "src/wall.ts", pick: "src/pick.ts" },
      output: {
        entryFileNames: "[name]-[hash].js",
        chunkFileNames: "[name]-[hash].js",
        assetFileNames: "[name]-[hash][extname]",
      },
    },
  },
});
