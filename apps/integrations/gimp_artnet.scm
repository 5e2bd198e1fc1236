; The dialog of ArtNet in GIMP 2.10 (Filters > Artistic > ArtNet): put this file into GIMP's folder scripts/, and
; gimp_artnet.py into plug-ins/gimp_artnet/. docs/integrations.md says how.

(define (script-fu-artnet image drawable style strength stroke-size keep-colors)
  (plug-in-artnet RUN-NONINTERACTIVE image drawable style strength stroke-size keep-colors)
  (gimp-displays-flush))

(script-fu-register "script-fu-artnet"
  "_ArtNet..."
  "Paint the layer in the style of a picture, as a new layer above it"
  "ArtNet" "MIT licence" "2026"
  "RGB* GRAY*"
  SF-IMAGE "Image" 0
  SF-DRAWABLE "Layer" 0
  SF-FILENAME "Style (a picture)" ""
  SF-ADJUSTMENT "Strength" '(1 0 1 0.05 0.1 2 0)
  SF-ADJUSTMENT "Stroke size" '(512 16 4096 64 256 0 0)
  SF-TOGGLE "Keep the layer's colours" FALSE)

(script-fu-menu-register "script-fu-artnet" "<Image>/Filters/Artistic")
