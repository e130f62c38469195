package holidays

import (
	"github.com/rickar/cal/v2"
	"github.com/rickar/cal/v2/ar"
	"github.com/rickar/cal/v2/at"
	"github.com/rickar/cal/v2/au"
	"github.com/rickar/cal/v2/be"
	"github.com/rickar/cal/v2/bg"
	"github.com/rickar/cal/v2/br"
	"github.com/rickar/cal/v2/ca"
	"github.com/rickar/cal/v2/ch"
	"github.com/rickar/cal/v2/cz"
	"github.com/rickar/cal/v2/de"
	"github.com/rickar/cal/v2/dk"
	"github.com/rickar/cal/v2/es"
	"github.com/rickar/cal/v2/fr"
	"github.com/rickar/cal/v2/gb"
	"github.com/rickar/cal/v2/gr"
	"github.com/rickar/cal/v2/hr"
	"github.com/rickar/cal/v2/ie"
	"github.com/rickar/cal/v2/it"
	"github.com/rickar/cal/v2/jp"
	"github.com/rickar/cal/v2/lt"
	"github.com/rickar/cal/v2/lv"
	"github.com/rickar/cal/v2/mw"
	"github.com/rickar/cal/v2/nc"
	"github.com/rickar/cal/v2/nl"
	"github.com/rickar/cal/v2/no"
	"github.com/rickar/cal/v2/nz"
	"github.com/rickar/cal/v2/pl"
	"github.com/rickar/cal/v2/ro"
	"github.com/rickar/cal/v2/ru"
	"github.com/rickar/cal/v2/se"
	"github.com/rickar/cal/v2/si"
	"github.com/rickar/cal/v2/sk"
	"github.com/rickar/cal/v2/ua"
	"github.com/rickar/cal/v2/us"
	"github.com/rickar/cal/v2/za"
)

// countries are those of the library, by their codes.
var countries = []country{
	{code: "AR", name: "Argentina", national: ar.Holidays},
	{code: "AT", name: "Austria", national: at.Holidays},
	{code: "AU", name: "Australia", parts: map[string][]*cal.Holiday{
		"AU-ACT": au.HolidaysACT, "AU-NSW": au.HolidaysNSW, "AU-NT": au.HolidaysNT, "AU-QLD": au.HolidaysQLD,
		"AU-SA": au.HolidaysSA, "AU-TAS": au.HolidaysTAS, "AU-VIC": au.HolidaysVIC, "AU-WA": au.HolidaysWA,
	}},
	{code: "BE", name: "Belgium", national: be.Holidays},
	{code: "BG", name: "Bulgaria", national: bg.Holidays},
	{code: "BR", name: "Brazil", national: br.Holidays},
	{code: "CA", name: "Canada", national: ca.Holidays},
	{code: "CH", name: "Switzerland", parts: map[string][]*cal.Holiday{
		"CH-ZH": ch.HolidaysZH, "CH-BE": ch.HolidaysBE, "CH-LU": ch.HolidaysLU, "CH-UR": ch.HolidaysUR,
		"CH-SZ": ch.HolidaysSZ, "CH-OW": ch.HolidaysOW, "CH-NW": ch.HolidaysNW, "CH-GL": ch.HolidaysGL,
		"CH-ZG": ch.HolidaysZG, "CH-FR": ch.HolidaysFR, "CH-SO": ch.HolidaysSO, "CH-BS": ch.HolidaysBS,
		"CH-BL": ch.HolidaysBL, "CH-SH": ch.HolidaysSH, "CH-AR": ch.HolidaysAR, "CH-AI": ch.HolidaysAI,
		"CH-SG": ch.HolidaysSG, "CH-GR": ch.HolidaysGR, "CH-AG": ch.HolidaysAG, "CH-TG": ch.HolidaysTG,
		"CH-VD": ch.HolidaysVD, "CH-TI": ch.HolidaysTI, "CH-VS": ch.HolidaysVS, "CH-NE": ch.HolidaysNE,
		"CH-GE": ch.HolidaysGE, "CH-JU": ch.HolidaysJU,
	}},
	{code: "CZ", name: "Czechia", national: cz.Holidays},
	{code: "DE", name: "Germany", parts: map[string][]*cal.Holiday{
		"DE-BW": de.HolidaysBW, "DE-BY": de.HolidaysBY, "DE-BE": de.HolidaysBE, "DE-BB": de.HolidaysBB,
		"DE-HB": de.HolidaysHB, "DE-HH": de.HolidaysHH, "DE-HE": de.HolidaysHE, "DE-MV": de.HolidaysMV,
		"DE-NI": de.HolidaysNI, "DE-NW": de.HolidaysNW, "DE-RP": de.HolidaysRP, "DE-SL": de.HolidaysSL,
		"DE-SN": de.HolidaysSN, "DE-ST": de.HolidaysST, "DE-SH": de.HolidaysSH, "DE-TH": de.HolidaysTH,
	}},
	{code: "DK", name: "Denmark", national: dk.Holidays},
	{code: "ES", name: "Spain", national: es.Holidays},
	{code: "FR", name: "France", national: fr.Holidays},
	{code: "GB", name: "United Kingdom", national: gb.Holidays},
	{code: "GR", name: "Greece", national: gr.Holidays},
	{code: "HR", name: "Croatia", national: hr.Holidays},
	{code: "IE", name: "Ireland", national: ie.Holidays},
	{code: "IT", name: "Italy", national: it.Holidays},
	{code: "JP", name: "Japan", national: jp.Holidays},
	{code: "LT", name: "Lithuania", national: lt.Holidays},
	{code: "LV", name: "Latvia", national: lv.Holidays},
	{code: "MW", name: "Malawi", national: mw.Holidays},
	{code: "NC", name: "New Caledonia", national: nc.Holidays},
	{code: "NL", name: "Netherlands", national: nl.Holidays},
	{code: "NO", name: "Norway", national: no.Holidays},
	{code: "NZ", name: "New Zealand", national: nz.Holidays},
	{code: "PL", name: "Poland", national: pl.Holidays},
	{code: "RO", name: "Romania", national: ro.Holidays},
	{code: "RU", name: "Russia", national: ru.Holidays},
	{code: "SE", name: "Sweden", national: se.Holidays},
	{code: "SI", name: "Slovenia", national: si.Holidays},
	{code: "SK", name: "Slovakia", national: sk.Holidays},
	{code: "UA", name: "Ukraine", national: ua.Holidays},
	{code: "US", name: "United States", national: us.Holidays},
	{code: "ZA", name: "South Africa", national: za.Holidays},
}
