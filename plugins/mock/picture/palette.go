// SPDX-License-Identifier: Apache-2.0

package picture

// glaze colours a thing: its body, its shaded side, where light falls, and a trim.
type glaze struct{ main, dark, light, accent string }

var glazes = map[string]glaze{
	"oat":    {"#d9c3a0", "#bfa67f", "#eee1c9", "#8a5a3c"},
	"sage":   {"#9db09a", "#7f9480", "#c6d3c2", "#d9b36c"},
	"indigo": {"#3f5478", "#2f405f", "#7389ae", "#e3c9a0"},
	"rust":   {"#c0623f", "#9f4c2f", "#df8f6d", "#f0dcc0"},
	"plum":   {"#7c4a5e", "#623848", "#a97a8d", "#e6c4b5"},
	"ochre":  {"#d6a03f", "#b5822b", "#edc981", "#5d4630"},
	"slate":  {"#6c7a82", "#546169", "#9dabb1", "#e8d5b5"},
	"blush":  {"#e0a999", "#c98d7d", "#f3d0c6", "#8c4b45"},
	"moss":   {"#5f6f45", "#4a5835", "#8d9c70", "#e5c98d"},
	"ink":    {"#2d3440", "#1f252f", "#5b6675", "#d99a5b"},
	"chalk":  {"#f3ece0", "#d9cebd", "#fffaf1", "#a8896a"},
	"willow": {"#b98a56", "#976c3f", "#d8b283", "#6d4a2a"},
}

// wall colours what is behind a thing.
type wall struct{ wall, table, glow, shadow string }

var walls = map[string]wall{
	"sand":  {"#f0e4d2", "#dcc8aa", "#f8f1e5", "#7a5f3a"},
	"mist":  {"#d9e3e3", "#bccbcb", "#eaf0f0", "#4a6163"},
	"dusk":  {"#ecd6ce", "#d5b6ab", "#f7e8e3", "#85564a"},
	"fern":  {"#d7e0ca", "#bac8a8", "#e9efe0", "#54633f"},
	"honey": {"#f4dfb4", "#dfc187", "#fbefd3", "#84642a"},
	"night": {"#4b5870", "#384358", "#5f6e89", "#10141c"},
}

// hangs are the motifs that stand on no table.
var hangs = map[string]bool{
	"plate": true, "towel": true, "apron": true, "frame": true, "shirt": true, "stripes": true, "jumper": true,
	"giftcard": true, "guernsey": true, "scarf": true, "jacket": true, "board": true, "beanie": true, "socks": true, "slippers": true,
}
