package proc

// ExplainShortage is explainShortage: its errors cannot be had on demand.
var ExplainShortage = explainShortage
