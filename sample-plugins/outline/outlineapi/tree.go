package outlineapi

// Tree puts each heading below the nearest one before it that has a lower level. A level that is left out costs no depth.
func Tree(flat []Heading) (sections []Section) {
	for len(flat) > 0 {
		first := flat[0]
		end := 1
		for end < len(flat) && flat[end].Level > first.Level {
			end++
		}
		sections = append(sections, Section{Level: first.Level, ID: first.ID, Text: first.Text, Sections: Tree(flat[1:end])})
		flat = flat[end:]
	}
	return sections
}
