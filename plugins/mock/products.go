// SPDX-License-Identifier: Apache-2.0

package main

// catalogue is all that Hob & Heddle, which does not exist, has ever sold. The
// item_…_sku are those of Poq's sample request.
var catalogue = []section{
	{Name: "Kitchen and table", Products: []product{
		{SKU: "item_1_sku", Name: "Stoneware mug, oatmeal", Note: "Thrown by hand, glazed inside and out. Holds a proper cup of tea.", Pence: 1400, Cents: 1800, Stock: plenty, Scene: scene("mug", "oat", "mist")},
		{SKU: "item_2_sku", Name: "Beeswax dinner candles", Note: "A pair, dipped forty times. They burn for eight hours and smell of summer.", Pence: 950, Cents: 1250, Stock: plenty, Scene: scene("candles", "chalk", "dusk")},
		{SKU: "teapot_slate", Name: "Two-cup teapot", Note: "Pours without a drip. The strainer is part of the pot.", Pence: 4200, Cents: 5400, Stock: plenty, Scene: scene("teapot", "slate", "honey")},
		{SKU: "last_three_sku", Name: "Turned oak bowl", Note: "Turned from one fallen tree, so there are only a few.", Pence: 5800, Cents: 7400, Stock: 3, Scene: scene("woodbowl", "willow", "fern")},
		{SKU: "plate_chalk", Name: "Dinner plate, olive sprig", Note: "Painted with one brush and no ruler.", Pence: 1800, Cents: 2400, Stock: plenty, Scene: scene("plate", "sage", "sand")},
		{SKU: "bowl_indigo", Name: "Breakfast bowl, indigo", Note: "Deep enough for porridge and second thoughts.", Pence: 1600, Cents: 2100, Stock: plenty, Scene: scene("bowl", "indigo", "sand")},
		{SKU: "jug_blush", Name: "Milk jug, blush", Note: "A litre of milk, or a bunch of tulips.", Pence: 2600, Cents: 3400, Stock: plenty, Scene: scene("jug", "blush", "fern")},
		{SKU: "board_ash", Name: "Ash bread board", Note: "Oiled twice, and once more before it leaves us.", Pence: 3400, Cents: 4400, Stock: plenty, Scene: scene("board", "oat", "mist")},
		{SKU: "mug_moss", Name: "Stoneware mug, moss", Note: "The same mug, the colour of a north wall.", Pence: 1400, Cents: 1800, Stock: plenty, Scene: scene("mug", "moss", "honey")},
		{SKU: "tumbler_smoke", Name: "Tumblers, smoke", Note: "Two sizes, pressed from old bottles.", Pence: 2200, Cents: 2900, Stock: plenty, Scene: scene("tumbler", "slate", "dusk")},
		{SKU: "carafe_amber", Name: "Bedside carafe", Note: "With a cork, for the small hours.", Pence: 2400, Cents: 3100, Stock: plenty, Scene: scene("carafe", "ochre", "mist")},
		{SKU: "spoons_olive", Name: "Olive wood spoons", Note: "Three spoons and the pot they live in.", Pence: 2800, Cents: 3600, Stock: plenty, Scene: scene("spoons", "willow", "fern")},
		{SKU: "jar_ink", Name: "Biscuit jar", Note: "The lid closes softly, which is no accident.", Pence: 3200, Cents: 4100, Stock: plenty, Scene: scene("jar", "ink", "honey")},
		{SKU: "towel_stripe", Name: "Linen tea towel", Note: "Dries better after each wash.", Pence: 1250, Cents: 1600, Stock: plenty, Scene: scene("towel", "chalk", "fern")},
		{SKU: "apron_rust", Name: "Cook's apron, rust", Note: "Heavy cotton, one large pocket, long strings.", Pence: 3600, Cents: 4600, Stock: plenty, Scene: scene("apron", "rust", "sand")},
		{SKU: "retired_sku", Name: "Enamel jug, first edition", Note: "Sold from 2019 to 2024. We miss it too.", Pence: 2100, Cents: 2700, Stock: plenty, Retired: true, Scene: scene("jug", "slate", "dusk")},
	}},
	{Name: "House", Products: []product{
		{SKU: "sold_out_sku", Name: "Lambswool throw, heather", Note: "Woven once a year. This year's are with their owners.", Pence: 11800, Cents: 14800, Stock: 0, Scene: scene("throw", "plum", "sand")},
		{SKU: "throw_ochre", Name: "Herringbone throw", Note: "Heavy enough to mean it.", Pence: 9600, Cents: 12000, Stock: plenty, Scene: scene("throw", "ochre", "mist")},
		{SKU: "cushion_ink", Name: "Linen cushion, diamond", Note: "Feather filling, a cover that comes off.", Pence: 3800, Cents: 4900, Stock: plenty, Scene: scene("cushion", "ink", "dusk")},
		{SKU: "cushion_rust", Name: "Corduroy cushion", Note: "Wide-wale cord, piped by hand.", Pence: 3400, Cents: 4400, Stock: plenty, Scene: scene("cord", "rust", "fern")},
		{SKU: "lamp_plaster", Name: "Bedside lamp", Note: "A warm pool of light and a linen shade.", Pence: 7400, Cents: 9400, Stock: plenty, Scene: scene("lamp", "chalk", "night")},
		{SKU: "basket_willow", Name: "Willow log basket", Note: "Cut, dried and woven within ten miles.", Pence: 6200, Cents: 7900, Stock: plenty, Scene: scene("basket", "willow", "mist")},
		{SKU: "vase_sage", Name: "Bottle vase, sage", Note: "Tall, narrow, glad of a single branch.", Pence: 4400, Cents: 5600, Stock: plenty, Scene: scene("vase", "sage", "dusk")},
		{SKU: "budvase_indigo", Name: "Bud vase, indigo", Note: "For whatever the garden has today.", Pence: 1900, Cents: 2500, Stock: plenty, Scene: scene("budvase", "indigo", "honey")},
		{SKU: "candle_fig", Name: "Fig leaf candle", Note: "Green rather than sweet. Forty hours.", Pence: 2400, Cents: 3100, Stock: plenty, Scene: scene("candlejar", "sage", "sand")},
		{SKU: "clock_moss", Name: "Mantel clock", Note: "Ticks so quietly that you have to ask it.", Pence: 6800, Cents: 8600, Stock: plenty, Scene: scene("clock", "moss", "dusk")},
		{SKU: "print_hills", Name: "Framed print, four hills", Note: "A woodcut in six colours, framed in oak.", Pence: 8500, Cents: 10800, Stock: plenty, Scene: scene("frame", "willow", "mist")},
		{SKU: "stool_oak", Name: "Milking stool", Note: "Three legs never wobble.", Pence: 7800, Cents: 9900, Stock: plenty, Scene: scene("stool", "willow", "fern")},
		{SKU: "planter_rust", Name: "Terracotta planter", Note: "With a saucer. The plant is a picture.", Pence: 2900, Cents: 3700, Stock: plenty, Scene: scene("planter", "rust", "mist")},
		{SKU: "notebook_plum", Name: "Linen notebook", Note: "Lies flat. A pencil is included.", Pence: 1600, Cents: 2100, Stock: plenty, Scene: scene("notebook", "plum", "honey")},
		{SKU: "soap_oat", Name: "Oat milk soap", Note: "One bar, no nonsense, an oak dish.", Pence: 850, Cents: 1100, Stock: plenty, Scene: scene("soap", "oat", "fern")},
		{SKU: "gift_card", Name: "Gift card, by email", Note: "There in a minute, and good for anything in the shop.", Pence: 2500, Cents: 3000, Stock: plenty, Digital: true, Scene: scene("giftcard", "plum", "honey")},
	}},
	{Name: "Wardrobe", Products: []product{
		{SKU: "jumper_moss", Name: "Fisherman's jumper", Note: "Cables from cuff to collar. Lasts for decades.", Pence: 12500, Cents: 15800, Stock: plenty, Scene: scene("jumper", "moss", "sand")},
		{SKU: "shirt_chalk", Name: "Brushed cotton shirt", Note: "Softer every Sunday.", Pence: 6800, Cents: 8600, Stock: plenty, Scene: scene("shirt", "slate", "dusk")},
		{SKU: "jacket_indigo", Name: "Chore jacket", Note: "Three pockets, and you will use them all.", Pence: 11200, Cents: 14200, Stock: plenty, Scene: scene("jacket", "indigo", "honey")},
		{SKU: "beanie_ochre", Name: "Ribbed beanie", Note: "With a bobble, since you ask.", Pence: 2600, Cents: 3400, Stock: plenty, Scene: scene("beanie", "ochre", "mist")},
		{SKU: "guernsey_oat", Name: "Guernsey, oatmeal", Note: "The old pattern, the same front and back.", Pence: 11800, Cents: 14800, Stock: plenty, Scene: scene("guernsey", "oat", "fern")},
		{SKU: "scarf_blush", Name: "Lambswool scarf", Note: "Checked, fringed, and long enough to share.", Pence: 4800, Cents: 6100, Stock: plenty, Scene: scene("scarf", "blush", "fern")},
		{SKU: "shirt_grandad", Name: "Grandad shirt, stripe", Note: "No collar, no hurry.", Pence: 5900, Cents: 7500, Stock: plenty, Scene: scene("stripes", "chalk", "mist")},
		{SKU: "socks_rust", Name: "Bed socks", Note: "A pair. The other pair is for whoever steals these.", Pence: 1800, Cents: 2300, Stock: plenty, Scene: scene("socks", "rust", "sand")},
		{SKU: "tote_ink", Name: "Market tote", Note: "Carries twelve apples, two loaves and a paper.", Pence: 2200, Cents: 2900, Stock: plenty, Scene: scene("tote", "ink", "dusk")},
		{SKU: "slippers_plum", Name: "Felt slippers", Note: "Boiled wool, leather soles, quiet on stairs.", Pence: 4200, Cents: 5400, Stock: plenty, Scene: scene("slippers", "plum", "fern")},
	}},
}
