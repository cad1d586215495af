package result

import "slices"

// Median of the values: of an even number of them the mean of the two in the middle. Of none it is 0.
func (r Row) Median() float64 {
	v := slices.Sorted(slices.Values(r.Values))
	if len(v) == 0 {
		return 0
	}
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}

// Range is the smallest and the largest value.
func (r Row) Range() (least, most float64) {
	if len(r.Values) == 0 {
		return 0, 0
	}
	return slices.Min(r.Values), slices.Max(r.Values)
}
