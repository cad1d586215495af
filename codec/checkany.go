package codec

import (
	"fmt"

	"github.com/go-hotplug/hotplug/internal/mp"
)

// any checks a value that becomes what it is.
func (c *checker) any() error {
	h, err := c.head()
	if err != nil {
		return err
	}
	if err := c.claim(1, 16+int64(h.Len)); err != nil {
		return err
	}
	switch h.Kind {
	case mp.Array:
		return c.anyArray(h.Len)
	case mp.Map:
		return c.anyMap(h.Len)
	}
	if h.Kind >= mp.String {
		c.pos += h.Len
	}
	return nil
}

func (c *checker) anyArray(n int) error {
	if err := c.enter(mp.Array); err != nil {
		return err
	}
	defer c.leave()
	if err := c.claim(n+2, 16); err != nil {
		return err
	}
	for i := range n {
		if err := c.any(); err != nil {
			return within(fmt.Sprintf("[%d]", i), err)
		}
	}
	return nil
}

func (c *checker) anyMap(n int) error {
	if err := c.enter(mp.Map); err != nil {
		return err
	}
	defer c.leave()
	if err := c.claim(1, mapBase+int64(n)*(32+mapSlot)); err != nil {
		return err
	}
	for range n {
		name, err := c.key()
		if err != nil {
			return err
		}
		if err := c.any(); err != nil {
			return within(string(name), err)
		}
	}
	return nil
}
