/** Fonts, served by us: the variable files are split by script, and a browser loads only the parts a page needs. */
import '@fontsource-variable/inter/wght.css'
import '@fontsource-variable/jetbrains-mono/wght.css'
